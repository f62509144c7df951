import { CachepactError, type LogKeys } from "@cachepact/wire";
import { classify } from "./transport-error.ts";

/** One accepted write. */
export interface Accepted {
  /** The id of its event in the stream: later writes of one row have higher ones. */
  readonly version: number;
  /** Names the group that it travelled in. */
  readonly op: string;
}

/** One write on its way. */
export interface AcceptItem {
  readonly log: LogKeys;
  readonly id: string;
  readonly head: Buffer;
  readonly payload: Buffer;
  /** The value's key, then those of the other live generations. */
  readonly valueKeys: readonly string[];
}

/** A write whose caller waits. */
export interface WaitingItem extends AcceptItem {
  /** When it was handed over, on the monotonic clock. */
  readonly since: number;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: CachepactError) => void;
}

/** How long the script may accept a group, on the partition's clock, in ms; also how long an unknown one is sent again. */
export const DEFAULT_OP_DEADLINE_MS = 25_000;
/** What callers are told to wait after a refusal without a figure of its own, in ms. */
export const DEFAULT_RETRY_AFTER_MS = 1_000;
/** Each half of a partition's op records covers this much of deadlines, in ms. */
const OP_SLOT_MS = 30_000;
/** What one event costs beside its payload, which is held twice: as the value and in the stream (bytes). */
const EVENT_COST_BYTES = 400;

/**
 * Writes of one partition that travel together, accepted whole or not at all: one op, one deadline, never split, the same
 * for every copy that is sent. It knows what a reply or a failure means for its callers.
 */
export class AcceptGroup {
  readonly log: LogKeys;
  readonly op: string;
  readonly items: readonly WaitingItem[];
  readonly costBytes: number;
  /** Resolves when the callers have their answer. */
  readonly settled: Promise<void>;
  readonly #entity: string;
  readonly #since: number;
  #deadlineMs: number | null = null;
  #sentAt: number | null = null;
  #mayHaveRun = false;
  #done = false;
  #settle!: () => void;

  /** `since`: when the oldest of its writes was handed over, on the monotonic clock. */
  constructor(entity: string, op: string, log: LogKeys, items: readonly WaitingItem[], since: number) {
    this.#entity = entity;
    this.log = log;
    this.op = op;
    this.items = items;
    this.costBytes = items.reduce((sum, item) => sum + 2 * item.payload.length + EVENT_COST_BYTES, 0);
    this.#since = since;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Whether the callers have their answer. */
  get done(): boolean {
    return this.#done;
  }

  /** Whether some attempt may have been accepted without our hearing of it. */
  get mayHaveRun(): boolean {
    return this.#mayHaveRun;
  }

  /** When the script stops to accept it, on the partition's clock, epoch ms; 0 = not sent yet. */
  get deadlineMs(): number {
    return this.#deadlineMs ?? 0;
  }

  /** The key of the op records that the deadline names. */
  get opsKey(): string {
    return Math.floor(this.deadlineMs / OP_SLOT_MS) % 2 === 0 ? this.log.opsA : this.log.opsB;
  }

  /**
   * Notes that a copy goes out: the first one sets the deadline of all. `partitionNow` is the partition's clock in epoch
   * ms, `now` the monotonic one.
   */
  start(partitionNow: number, now: number): void {
    this.#deadlineMs ??= Math.floor(partitionNow) + DEFAULT_OP_DEADLINE_MS;
    this.#sentAt ??= now;
  }

  /** Gives up when no further copy can help: `now` on the monotonic clock, `downMs` since the connection went away. */
  expire(now: number, downMs: number, waitMs: number): void {
    const late = this.#mayHaveRun
      ? now - (this.#sentAt ?? now) >= DEFAULT_OP_DEADLINE_MS
      : Math.max(now - this.#since, downMs) >= waitMs;
    if (late) this.abandon();
  }

  /** Takes Redis' verdict; `retryAfterMs` is what a refusal tells the callers, `partitionNow` what CLOCK says. */
  take(code: string, figure: number): void {
    switch (code) {
      case "OK":
      case "DUP":
        return this.#accept(figure);
      case "FULL":
        // Refused now, but an earlier copy may be in: only sending again can tell.
        if (!this.#mayHaveRun) this.#full(figure);
        return;
      case "CLOCK":
        // Too late for the deadline. Without an attempt in doubt a new deadline is as good as a new write.
        if (this.#mayHaveRun) return this.abandon();
        this.#deadlineMs = null;
        this.#sentAt = null;
        return;
      case "NOTREADY":
        return;
      default:
        this.#mayHaveRun = true;
    }
  }

  /** Takes a failure of the call. `retryAfterMs` is what a refusal for want of memory tells the callers. */
  fail(error: unknown, retryAfterMs: number): void {
    const { effect, reason, word, message } = classify(error);
    if (word === "BADARG") {
      this.reject(new CachepactError("E_SCRIPT", `script accept refused its arguments (${message}); report this`));
    } else if (reason === "oom") {
      if (!this.#mayHaveRun) this.#full(retryAfterMs);
    } else if (effect === "unknown") {
      this.#mayHaveRun = true;
    }
  }

  /** Answers the callers with what is known: nothing was accepted, or it may have been. */
  abandon(): void {
    if (!this.#mayHaveRun) return this.reject(notAccepted(this.#entity));
    const text = `the write of a ${this.#entity} was sent, but Redis never answered whether it was accepted; read the row to learn what stands`;
    this.reject(new CachepactError("E_UNKNOWN", text, { op: this.#handle }));
  }

  /** Answers the callers with an error. */
  reject(error: CachepactError): void {
    this.#finish((item) => item.reject(error));
  }

  #accept(base: number): void {
    this.#finish((item, index) => item.resolve({ version: base + index, op: this.#handle }));
  }

  #full(retryAfterMs: number): void {
    const text = `could not write ${this.#entity}: the write-behind log or Redis' memory is full, nothing was accepted; try again later`;
    this.reject(new CachepactError("E_FULL", text, { retryAfterMs: Math.ceil(retryAfterMs) }));
  }

  /** What `status` needs to find the op record again. */
  get #handle(): string {
    return `${this.log.partition}.${this.deadlineMs}.${this.op}`;
  }

  #finish(answer: (item: WaitingItem, index: number) => void): void {
    if (this.#done) return;
    this.#done = true;
    this.items.forEach(answer);
    this.#settle();
  }
}

/** The answer to a write that Redis surely did not take. */
export function notAccepted(entity: string): CachepactError {
  const text = `could not write ${entity}: Redis did not take it, nothing was accepted; try again later`;
  return new CachepactError("E_UNAVAILABLE", text, { retryAfterMs: DEFAULT_RETRY_AFTER_MS });
}
