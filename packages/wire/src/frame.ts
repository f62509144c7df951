import { CachepactError } from "./errors.ts";
import { type ErrorCode, errors } from "./gen/errors.ts";

/** What stands before the payload of a framed entry. Absent numbers are 0. */
export interface FrameHeader {
  /** 0 none (NEGATIVE), 1 JSON, 2 MessagePack, 3 Protobuf, 4 private to TypeScript. */
  readonly codec: 0 | 1 | 2 | 3 | 4;
  /** The source of truth has no such row. */
  readonly negative: boolean;
  /** A write-behind value that is not in the database yet. */
  readonly dirty: boolean;
  /** Every string and map key of the payload is ASCII. */
  readonly ascii: boolean;
  /** First 4 bytes of the SHA-256 of the writer's schema, as an unsigned number. */
  readonly fingerprint: number;
  /** When to refresh, epoch ms; 0 = never. Expiry itself is Redis' PX. */
  readonly staleAtMs: number;
  /** Version of the row, up to 2^53-1; 0 = none. */
  readonly version: number;
  /** When the value was loaded, epoch ms; 0 = not recorded. */
  readonly createdAtMs: number;
  /** How long the load took, ms; 0 = not recorded. */
  readonly costMs: number;
}

export interface Frame extends FrameHeader {
  /** A view into the bytes that were decoded, not a copy. */
  readonly payload: Uint8Array;
}

/** Size of the base, which every frame has. */
export const FRAME_BASE_BYTES = 16;

const MAGIC_0 = 0xc1;
const MAGIC_1 = 0xca;
/** The third byte of the magic is also the frame's version. */
const FRAME_VERSION = 0x09;

const NEGATIVE = 0x80;
const DIRTY = 0x40;
const ASCII = 0x20;
const VERSION = 0x10;
const CREATED_AT = 0x08;
const COST = 0x04;
const RESERVED = 0x02;
const MUST_UNDERSTAND = 0x01;

const MAX_U48 = 2 ** 48 - 1;
const MAX_U32 = 2 ** 32 - 1;
const MAX_CODEC = 4;

function refuse(action: "encode" | "decode", code: ErrorCode, found: string): never {
  throw new CachepactError(code, `${action} a frame: ${found}; ${errors[code].remedy}`);
}

/** Whether the bytes begin like a frame. No payload of any codec does: c1 is no UTF-8, no MessagePack, no field. */
export function hasMagic(bytes: Uint8Array): boolean {
  return bytes[0] === MAGIC_0;
}

function limited(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  return refuse("encode", "E_RANGE", `found a ${name} that is no integer from 0 to ${most}`);
}

/** The rules of flags that exclude each other. */
function checkFlags(action: "encode" | "decode", flags: number, codec: number): void {
  const dirty = (flags & DIRTY) !== 0;
  const versioned = (flags & VERSION) !== 0;
  if (dirty && !versioned) refuse(action, "E_FLAGS", "found DIRTY without a version");
  if ((flags & NEGATIVE) === 0) {
    if (codec === 0) refuse(action, "E_CODEC", "found codec 0 on a frame that is not NEGATIVE");
    return;
  }
  if (codec !== 0) refuse(action, "E_FLAGS", "found NEGATIVE together with a codec");
  if ((flags & ASCII) !== 0) refuse(action, "E_FLAGS", "found NEGATIVE together with ASCII");
  if (versioned && !dirty) refuse(action, "E_FLAGS", "found NEGATIVE with a version but without DIRTY");
}

/**
 * A frame, canonical: each optional number is written iff it is not 0.
 *
 * Its bytes lie in memory that other frames share: pass them on, or copy them, but leave their `.buffer` alone.
 * @throws {CachepactError} E_RANGE, E_CODEC, E_FLAGS
 */
export function encodeFrame(
  header: Partial<FrameHeader> & Pick<FrameHeader, "codec" | "fingerprint">,
  payload: Uint8Array,
): Uint8Array {
  const { negative = false, dirty = false, ascii = false } = header;
  const version = limited("version", header.version ?? 0, Number.MAX_SAFE_INTEGER);
  const createdAtMs = limited("created_at", header.createdAtMs ?? 0, MAX_U48);
  const costMs = limited("cost", header.costMs ?? 0, MAX_U32);
  const codec = limited("codec", header.codec, MAX_CODEC);
  const flags =
    (negative ? NEGATIVE : 0) |
    (dirty ? DIRTY : 0) |
    (ascii ? ASCII : 0) |
    (version > 0 ? VERSION : 0) |
    (createdAtMs > 0 ? CREATED_AT : 0) |
    (costMs > 0 ? COST : 0);
  checkFlags("encode", flags, codec);
  if (negative && payload.length > 0) refuse("encode", "E_FLAGS", "found NEGATIVE together with a payload");

  const length = headerLength(flags);
  // Every byte is written below; new memory would be cleared first, and a DataView made for nothing else.
  const frame = Buffer.allocUnsafe(length + payload.length);
  frame[0] = MAGIC_0;
  frame[1] = MAGIC_1;
  frame[2] = FRAME_VERSION;
  frame[3] = length / 2;
  frame[4] = codec;
  frame[5] = flags;
  setUint32(frame, 6, limited("fingerprint", header.fingerprint, MAX_U32));
  setUint48(frame, 10, limited("stale_at", header.staleAtMs ?? 0, MAX_U48));
  let at = FRAME_BASE_BYTES;
  if (version > 0) {
    setUint32(frame, at, Math.floor(version / 2 ** 32));
    setUint32(frame, at + 4, version % 2 ** 32);
    at += 8;
  }
  if (createdAtMs > 0) {
    setUint48(frame, at, createdAtMs);
    at += 6;
  }
  if (costMs > 0) setUint32(frame, at, costMs);
  frame.set(payload, length);
  return frame;
}

function headerLength(flags: number): number {
  return (
    FRAME_BASE_BYTES +
    ((flags & VERSION) === 0 ? 0 : 8) +
    ((flags & CREATED_AT) === 0 ? 0 : 6) +
    ((flags & COST) === 0 ? 0 : 4)
  );
}

function setUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function setUint48(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  setUint32(bytes, at + 2, value % 2 ** 32);
}

function getUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function getUint32(bytes: Uint8Array, at: number): number {
  return getUint16(bytes, at) * 2 ** 16 + getUint16(bytes, at + 2);
}

function getUint48(bytes: Uint8Array, at: number): number {
  return getUint16(bytes, at) * 2 ** 32 + getUint32(bytes, at + 2);
}

/**
 * Reads a frame. Lenient: header fields of a newer minor version are skipped, an optional number may be 0.
 *
 * @throws {CachepactError} E_MAGIC, E_FRAME_VERSION, E_TRUNCATED, E_COMPRESSION, E_CODEC, E_FLAGS, E_RANGE,
 * E_TRAILING on a payload after NEGATIVE; strict also E_NONCANONICAL
 */
export function decodeFrame(bytes: Uint8Array, mode: "lenient" | "strict" = "lenient"): Frame {
  checkMagic(bytes);
  if (bytes.length < FRAME_BASE_BYTES) return truncated();
  const length = (bytes[3] as number) * 2;
  const codec = (bytes[4] as number) & 0x0f;
  const flags = bytes[5] as number;
  if ((bytes[4] as number) > 0x0f) return refuse("decode", "E_COMPRESSION", "found a compressed payload");
  if (codec > MAX_CODEC) return refuse("decode", "E_CODEC", `found codec ${codec}`);
  if ((flags & MUST_UNDERSTAND) !== 0) return refuse("decode", "E_FLAGS", "found a must-understand flag");
  checkFlags("decode", flags, codec);
  const known = headerLength(flags);
  if (length < known || length > bytes.length) return truncated();

  let at = FRAME_BASE_BYTES;
  let version = 0;
  if ((flags & VERSION) !== 0) {
    // Above 2^53 the sum is rounded, never down to 2^53-1.
    version = getUint32(bytes, at) * 2 ** 32 + getUint32(bytes, at + 4);
    at += 8;
  }
  let createdAtMs = 0;
  if ((flags & CREATED_AT) !== 0) {
    createdAtMs = getUint48(bytes, at);
    at += 6;
  }
  const costMs = (flags & COST) === 0 ? 0 : getUint32(bytes, at);
  if (version > Number.MAX_SAFE_INTEGER) return refuse("decode", "E_RANGE", "found a version above 2^53-1");

  const payload = bytes.subarray(length);
  if ((flags & NEGATIVE) !== 0 && payload.length > 0) {
    return refuse("decode", "E_TRAILING", "found a payload after a NEGATIVE header");
  }
  if (mode === "strict") checkCanonical(flags, length > known, version, createdAtMs, costMs);
  return {
    codec: codec as FrameHeader["codec"],
    negative: (flags & NEGATIVE) !== 0,
    dirty: (flags & DIRTY) !== 0,
    ascii: (flags & ASCII) !== 0,
    fingerprint: getUint32(bytes, 6),
    staleAtMs: getUint48(bytes, 10),
    version,
    createdAtMs,
    costMs,
    payload,
  };
}

function checkMagic(bytes: Uint8Array): void {
  const first = bytes[0];
  const second = bytes[1];
  const third = bytes[2];
  if (first === undefined) return truncated();
  if (first !== MAGIC_0 || (second !== undefined && second !== MAGIC_1)) {
    return refuse("decode", "E_MAGIC", "found other bytes than c1 ca");
  }
  if (third === undefined) return truncated();
  if (third !== FRAME_VERSION) refuse("decode", "E_FRAME_VERSION", `found frame version ${third}`);
}

function checkCanonical(flags: number, longer: boolean, version: number, createdAtMs: number, costMs: number): void {
  if (longer) refuse("decode", "E_NONCANONICAL", "found a header with unknown fields");
  if ((flags & RESERVED) !== 0) refuse("decode", "E_NONCANONICAL", "found the reserved flag");
  const zero =
    ((flags & VERSION) !== 0 && version === 0) ||
    ((flags & CREATED_AT) !== 0 && createdAtMs === 0) ||
    ((flags & COST) !== 0 && costMs === 0);
  if (zero) refuse("decode", "E_NONCANONICAL", "found an optional number that is 0");
}

function truncated(): never {
  return refuse("decode", "E_TRUNCATED", "found the end of the bytes in the header");
}
