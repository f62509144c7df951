import { codecById, decodeFrame, type Entity, hasMagic } from "@cachepact/wire";
import type { Redis } from "ioredis";
import { expect } from "./expect.ts";

const CODEC_NAMES = ["none", "JSON", "MessagePack", "Protobuf", "private"];

/** The entry under one key, as a person can read it: its bytes, what its header says, what its payload holds. */
export async function readableEntry<K extends object, V extends object>(
  redis: Redis,
  entity: Entity<K, V>,
  key: string,
): Promise<string> {
  const [bytes, ttlMs] = await Promise.all([redis.getBuffer(key), redis.pttl(key)]);
  expect(bytes !== null, `Redis holds ${key}`);
  const lines = [
    `${key}  ${bytes.length} bytes, ${ttlMs < 0 ? "no ttl" : `expires in ${(ttlMs / 1000).toFixed(1)} s`}`,
  ];
  if (!hasMagic(bytes)) {
    lines.push("plain JSON, for any client:", bytes.toString("utf8"));
    return lines.join("\n");
  }
  const frame = decodeFrame(bytes);
  const flags = [
    frame.negative && "NEGATIVE",
    frame.dirty && "DIRTY (not in the database yet)",
    frame.ascii && "ASCII",
  ].filter((flag) => typeof flag === "string");
  lines.push(
    `header  ${bytes.subarray(0, bytes.length - frame.payload.length).toString("hex")}`,
    `        codec ${CODEC_NAMES[frame.codec]}, schema ${frame.fingerprint.toString(16).padStart(8, "0")}, version ${frame.version}` +
      (frame.staleAtMs > 0 ? `, fresh until ${new Date(frame.staleAtMs).toISOString()}` : "") +
      (flags.length > 0 ? `, ${flags.join(", ")}` : ""),
  );
  const codec = codecById(frame.codec);
  if (codec) {
    const value = codec.decode(entity.record.schema, frame.payload, "strict") as V;
    const hex = Buffer.from(frame.payload).toString("hex");
    lines.push(`payload ${hex.length > 96 ? `${hex.slice(0, 96)}…` : hex}`, `      = ${entity.toJson(value)}`);
  }
  return lines.join("\n");
}
