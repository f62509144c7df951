import { setTimeout as sleep } from "node:timers/promises";
import type { LoadContext, Loader } from "../src/index.ts";
import type { User, UserKey } from "./entities.ts";

/** A source of truth in memory that counts its loads and can be made slow, broken or gated. */
export class UserDatabase {
  readonly rows: Map<number, User>;
  /** The contexts of all loads so far, in order. */
  readonly loads: LoadContext<User>[] = [];
  delayMs = 0;
  failure: Error | null = null;
  /** When set, each load reads its row first and then waits for this promise: what a slow transaction does. */
  gate: Promise<void> | null = null;

  constructor(...rows: User[]) {
    this.rows = new Map(rows.map((row) => [row.id, row]));
  }

  readonly load: Loader<UserKey, User> = async (key, context) => {
    this.loads.push(context);
    const row = this.rows.get(key.id) ?? null;
    if (this.delayMs > 0) await sleep(this.delayMs);
    if (this.gate !== null) await this.gate;
    if (this.failure !== null) throw this.failure;
    return row;
  };
}

/** A promise with its resolver: the point at which a test lets something go on. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

export function gate(): Gate {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Waits for a real server or a real timer to bring something about. */
export async function eventually(check: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await check())) {
    if (performance.now() > until) throw new Error(`did not come about within ${withinMs} ms`);
    await sleep(5);
  }
}
