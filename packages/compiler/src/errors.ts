/** The codes of `packages/wire/vocabulary/errors.json` that the compiler raises. */
export type CompileErrorCode = "E_PROTO" | "E_CONFIG" | "E_GENERATED" | "E_COMPATIBILITY" | "E_HISTORY";

/**
 * The one error of this package: what was attempted, and every problem that was found, each with its way out.
 *
 * The compiler does not run the wire's code, therefore it has an error class of its own; the codes are shared.
 */
export class CompileError extends Error {
  override readonly name: string = "CompileError";
  readonly code: CompileErrorCode;
  /** One line a problem, in the order of files and lines. */
  readonly problems: readonly string[];

  constructor(code: CompileErrorCode, attempt: string, problems: readonly string[], options?: ErrorOptions) {
    super([`${code}: ${attempt}`, ...problems.map((problem) => `  ${problem}`)].join("\n"), options);
    this.code = code;
    this.problems = problems;
  }
}
