import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { EntityRecord } from "@cachepact/wire";
import { type CodecName, framed, type Hostile } from "./corpus.ts";

interface Case {
  readonly kind: string;
  readonly name: string;
  readonly entity?: string;
  readonly codec?: CodecName;
  readonly bytes?: string;
  readonly text?: string;
  readonly error?: string;
}

/** Payloads of an entity that the fixtures refuse, each in a frame of that entity. */
export function rejectedPayloads(record: EntityRecord): readonly Hostile[] {
  return casesOf("values").flatMap(({ kind, name, entity, codec, bytes, text, error }) => {
    if (kind !== "reject" || entity !== record.entity || codec === undefined) return [];
    const payload = bytes === undefined ? Buffer.from(text ?? "") : Buffer.from(bytes, "hex");
    // Larger than the contract lets a value be is refused before anything else is looked at.
    const code = payload.length > record.max_payload_bytes ? "E_SIZE" : error;
    return [{ name: `value ${name}`, put: framed(record, codec, payload), ...(code === undefined ? {} : { code }) }];
  });
}

/** Frames that the fixtures refuse: no entity can be read from them. */
export function rejectedFrames(): readonly Hostile[] {
  return casesOf("frames").flatMap(({ kind, name, bytes, error }) =>
    kind === "reject" && bytes !== undefined && bytes.startsWith("c1")
      ? [{ name: `frame ${name}`, put: Buffer.from(bytes, "hex"), ...(error === undefined ? {} : { code: error }) }]
      : [],
  );
}

function casesOf(file: string): readonly Case[] {
  const path = createRequire(import.meta.url).resolve(`@cachepact/wire/fixtures/${file}.json`);
  return JSON.parse(readFileSync(path, "utf8")).cases;
}
