/** What a call came to: its result, or the code of its error. */
export type Verdict = { readonly result: unknown } | { readonly code: unknown };

export function verdict(call: () => unknown): Verdict {
  try {
    return { result: call() };
  } catch (error) {
    return { code: (error as { code?: unknown }).code ?? error };
  }
}
