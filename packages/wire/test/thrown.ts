/** The code of the error that `run` throws; undefined when it throws none; the error itself when it has no code. */
export function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return undefined;
}
