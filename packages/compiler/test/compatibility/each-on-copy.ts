import { onCopy } from "./base-contract.ts";

/** Two at a time: each runs buf several times, and more would only wait for one another. */
const AT_ONCE = 2;

/** Runs something for each item on a copy of a folder; results in the order of the items, an error in its place. */
export async function eachOnCopy<Item, Result>(
  folder: string,
  items: readonly Item[],
  action: (copy: string, item: Item) => Promise<Result>,
): Promise<readonly (Result | Error)[]> {
  const results: (Result | Error)[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await onCopy(folder, (copy) => action(copy, item)).catch(asError);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
