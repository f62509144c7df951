import type { Channels, EntityRecord, EntryKeys } from "@cachepact/wire";
import type { Clock } from "../clock.ts";
import type { RenewReply } from "../coalescing/lease.ts";
import type { RedisClock } from "./redis-clock.ts";
import { text } from "./server-info.ts";
import type { Argument, Reply, ScriptCommand, Transport } from "./transport.ts";
import { TransportError } from "./transport-error.ts";

/** What `acquire` says. `floor` is the highest version known committed, 0 = none. */
export type Acquired =
  | { readonly code: "HIT"; readonly bytes: Buffer }
  | { readonly code: "LEASE"; readonly floor: number }
  | { readonly code: "WAIT"; readonly floor: number; readonly pttlMs: number }
  | { readonly code: "BYPASS"; readonly floor: number }
  | { readonly code: "DIRTY" };

export type FillCode = "STORED" | "LOST" | "STALE" | "NEWER";
export type BeginCode = "ALONE" | "SHARED" | "DIRTY";
export type FinishCode = "STORED" | "DELETED" | "KEPT" | "DIRTY";

/** A frame with how long it lives from the moment at which the script stores it. */
export interface Storing {
  readonly frame: Buffer;
  readonly pxMs: number;
  readonly freshMs: number;
}

/** The end of a write, or an invalidation. */
export interface Finish {
  /** The last token of this writer's begin; empty for an invalidation. */
  readonly token: string;
  /** The token of an earlier begin that was not answered, or empty. */
  readonly prev: string;
  /** The committed version; 0 = none. */
  readonly version: number;
  /** Whether a value as new as `version` may stay. */
  readonly keep: boolean;
}

/**
 * The scripts of one key, as functions (SPEC 10). Each call is one message, sent once; a failure is a `TransportError`.
 *
 * Every reply carries Redis' clock, which keeps the reader's offset right without commands of its own.
 */
export class Scripts {
  readonly #transport: Transport;
  readonly #redisClock: RedisClock;
  readonly #clock: Clock;
  readonly #channels: Channels;
  readonly #floorMs: string;

  constructor(transport: Transport, redisClock: RedisClock, clock: Clock, channels: Channels, floorMs: number) {
    this.#transport = transport;
    this.#redisClock = redisClock;
    this.#clock = clock;
    this.#channels = channels;
    this.#floorMs = String(floorMs);
  }

  /** Asks for the right to load. `seen`: what the caller rejects, see SPEC 10.1. */
  async acquire(keys: EntryKeys, token: string, leaseMs: number, minVersion: number, seen: string): Promise<Acquired> {
    const reply = await this.#send("acquire", keys, [token, String(leaseMs), String(minVersion), seen]);
    const code = text(reply[0]);
    switch (code) {
      case "HIT":
        return { code, bytes: reply[2] as Buffer };
      case "WAIT":
        return { code, floor: Number(text(reply[2])), pttlMs: Number(text(reply[3])) };
      case "LEASE":
      case "BYPASS":
        return { code, floor: Number(text(reply[2])) };
      case "DIRTY":
        return { code };
      default:
        throw unexpected("acquire", code);
    }
  }

  /** Stores a loaded value under the lease of `token`. */
  async fill(keys: EntryKeys, token: string, storing: Storing, seen: string): Promise<FillCode> {
    const { frame, pxMs, freshMs } = storing;
    const argv = [token, frame, String(pxMs), String(freshMs), seen, this.#channels.wake];
    return oneOf("fill", await this.#send("fill", keys, argv), ["STORED", "LOST", "STALE", "NEWER"]);
  }

  /** Sets a writer's fence. */
  async begin(keys: EntryKeys, token: string, markerMs: number, prev: string): Promise<BeginCode> {
    const reply = await this.#send("begin", keys, [token, String(markerMs), prev]);
    return oneOf("begin", reply, ["ALONE", "SHARED", "DIRTY"]);
  }

  /** Ends a write or invalidates. May be sent again. */
  async finish(record: EntityRecord, keys: EntryKeys, finish: Finish): Promise<FinishCode> {
    const reply = await this.#send("finish", keys, this.#finishArgv(record, finish));
    return oneOf("finish", reply, ["DELETED", "KEPT", "DIRTY"]);
  }

  /** Ends a write with the committed value. Never sent again: it carries a value. */
  async store(record: EntityRecord, keys: EntryKeys, finish: Finish, storing: Storing): Promise<FinishCode> {
    const { frame, pxMs, freshMs } = storing;
    const argv = [...this.#finishArgv(record, finish), frame, String(pxMs), String(freshMs)];
    return oneOf("store", await this.#send("store", keys, argv), ["STORED", "DELETED", "KEPT", "DIRTY"]);
  }

  /** Extends a reader's lease (`r`) or a writer's marker (`w`). */
  async renew(keys: EntryKeys, token: string, ms: number, role: "r" | "w"): Promise<RenewReply> {
    return oneOf("renew", await this.#send("renew", keys, [token, String(ms), role]), ["OK", "LOST"]);
  }

  /** Gives a reader's lease back. */
  async release(keys: EntryKeys, token: string): Promise<void> {
    await this.#send("release", keys, [token, this.#channels.wake]);
  }

  #finishArgv(record: EntityRecord, finish: Finish): string[] {
    const { token, prev, version, keep } = finish;
    const l1 = record.l1 ? this.#channels.l1 : "";
    return [token, prev, String(version), this.#floorMs, keep ? "1" : "0", this.#channels.wake, l1];
  }

  async #send(name: ScriptCommand, keys: EntryKeys, argv: Argument[]): Promise<readonly Reply[]> {
    const names = [keys.value, keys.lease, keys.floor, keys.writers];
    if (keys.log !== null) {
      names.push(keys.log.dirty);
      argv.push(keys.id);
    }
    const sentAt = this.#clock.monotonic();
    const reply = await this.#transport.script(name, names, argv);
    if (!Array.isArray(reply)) throw unexpected(name, typeof reply);
    this.#redisClock.observe(Number(text(reply[1])), sentAt);
    return reply;
  }
}

/** What the partition's marks and stream say about an id without a value. */
export type Pending =
  | { readonly code: "CLEAN" | "OTHER" | "GONE" }
  | { readonly code: "PENDING"; readonly frame: Buffer };

/** Asks for a write that is not in the database yet (SPEC 14.4). */
export async function pendingWrite(transport: Transport, keys: EntryKeys, generation: number): Promise<Pending> {
  if (keys.log === null) return { code: "CLEAN" };
  const reply = await transport.script("pending", [keys.log.dirty, keys.log.wb], [keys.id, String(generation)]);
  if (!Array.isArray(reply)) throw unexpected("pending", typeof reply);
  const code = text(reply[0]);
  if (code === "PENDING") return { code, frame: reply[2] as Buffer };
  // The version beside them is the mark's text, which may be anything; a frame holds its own.
  if (code === "CLEAN" || code === "OTHER" || code === "GONE") return { code };
  throw unexpected("pending", code);
}

function oneOf<const Code extends string>(name: string, reply: readonly Reply[], codes: readonly Code[]): Code {
  const found = text(reply[0]);
  const code = codes.find((candidate) => candidate === found);
  if (code === undefined) throw unexpected(name, found);
  return code;
}

/** A reply outside the closed table: a newer script under an older client. Its effect is unknown. */
export function unexpected(name: string, found: string): TransportError {
  return new TransportError("error", "unknown", "UNEXPECTED", `script ${name} answered ${found.slice(0, 40)}`);
}
