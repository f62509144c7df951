import type { Cancel, Clock } from "@cachepact/cache-core";
import type { WorkerEvent } from "@cachepact/writeback";
import type { Logger } from "pino";

/** What happens within this time is one line: a server that goes away is seen by every partition. */
export const GATHER_MS = 200;
/** The pause after a line before the same one is written again, in ms; it doubles while the cause lasts. */
export const REPEAT_MS = 5_000;
export const REPEAT_MAX_MS = 60_000;

/** What the log says of an event. Events of one `kind` are one line. */
interface Remark {
  readonly kind: string;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Line {
  remark: Remark;
  readonly partitions: Set<number>;
  times: number;
  /** The pause that follows the next line. */
  pauseMs: number;
  cancel: Cancel;
}

/**
 * Writes what a person should know of a worker's events: a few lines for an outage, however long it lasts and however
 * many partitions see it. Of a failure it has the message only: what a database adds to an error can hold the value of
 * a row.
 */
export class EventLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Takes an event. Its line follows within `GATHER_MS`, or after the pause of an equal one. */
  readonly listen = (event: WorkerEvent): void => {
    const remark = remarkOn(event);
    if (remark === null) {
      if (event.type === "batch" || event.type === "armed") this.#log.debug(event, event.type);
      return;
    }
    let line = this.#lines.get(remark.kind);
    if (line === undefined) {
      const cancel = this.#clock.schedule(GATHER_MS, () => this.#write(remark.kind));
      line = { remark, partitions: new Set(), times: 0, pauseMs: REPEAT_MS, cancel };
      this.#lines.set(remark.kind, line);
    }
    line.remark = remark;
    line.times += 1;
    if ("partition" in event && event.partition !== undefined) line.partitions.add(event.partition);
  };

  /** Writes what waits. To be called before the process ends. */
  flush(): void {
    for (const [kind, line] of this.#lines) {
      line.cancel();
      this.#lines.delete(kind);
      if (line.times > 0) this.#say(line);
    }
  }

  #write(kind: string): void {
    const line = this.#lines.get(kind);
    if (line === undefined) return;
    if (line.times === 0) {
      // It did not happen again in the pause: the next one is news.
      this.#lines.delete(kind);
      return;
    }
    this.#say(line);
    line.times = 0;
    line.partitions.clear();
    line.cancel = this.#clock.schedule(line.pauseMs, () => this.#write(kind));
    line.pauseMs = Math.min(REPEAT_MAX_MS, line.pauseMs * 2);
  }

  #say({ remark, partitions, times }: Line): void {
    const which = partitions.size === 0 ? {} : { partitions: [...partitions].toSorted((a, b) => a - b) };
    this.#log[remark.level](
      { ...remark.fields, ...which, ...(times > Math.max(1, partitions.size) ? { times } : {}) },
      remark.message,
    );
  }
}

/** Null: nothing that a person has to know. */
function remarkOn(event: WorkerEvent): Remark | null {
  const { type } = event;
  switch (type) {
    case "claimed":
    case "released":
    case "fenced":
    case "resumed":
    case "marks_cleared":
      return { kind: `${type} ${event.log}`, level: "info", message: SAID[type], fields: { log: event.log } };
    case "armed": {
      const { log, state } = event;
      if (state !== "loss" && state !== "older") return null;
      return { kind: `${state} ${log}`, level: "error", message: SAID[state], fields: { log, state } };
    }
    case "paused": {
      const { log, reason, key, error } = event;
      const fields = { log, reason, key, error: error.message };
      return { kind: `paused ${Object.values(fields).join(" ")}`, level: "error", message: SAID.paused, fields };
    }
    case "unknown_fields":
    case "unknown_generation": {
      const { log, generation } = event;
      const kind = `${type} ${log} ${generation}`;
      return { kind, level: "error", message: SAID[type], fields: { log, generation } };
    }
    case "error": {
      const { operation, log, error } = event;
      const fields = { operation, log, error: error.message };
      return { kind: `error ${operation} ${error.message}`, level: "warn", message: SAID.error, fields };
    }
    default:
      // read, committed, batch: what goes well.
      return null;
  }
}

const SAID = {
  claimed: "partitions claimed",
  released: "partitions given back",
  fenced: "partitions taken over by another worker",
  resumed: "partitions go on",
  marks_cleared: "marks of lost writes cleared",
  loss: "Redis came back without the state of these partitions: writes that were not in the database yet are lost",
  older: "Redis came back with an older state of these partitions: the last writes before may be lost",
  paused: "partitions stand still: their events are kept until the cause is repaired",
  unknown_generation: "events of a generation that this release does not know: deploy the worker first",
  unknown_fields: "events with fields that this release does not know and would lose: deploy the worker first",
  error: "a step failed and is tried again",
} as const;
