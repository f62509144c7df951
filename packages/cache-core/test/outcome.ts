import { isCachepactError } from "@cachepact/wire";

/** How a call ended: the code of a CachepactError, the text of another error, or "ok". */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "ok";
  } catch (error) {
    return isCachepactError(error) ? error.code : String(error);
  }
}

/** The error of a call that must fail. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error as Error & Record<string, unknown>;
  }
  throw new Error("the call did not fail");
}
