import type { Attacked } from "./attack.ts";
import type { Hostile } from "./corpus.ts";

/**
 * What is wrong with how one victim took a hostile thing; null = nothing.
 *
 * What cannot be decoded is a counted miss that the loader answers, and that its value replaces. What can be decoded is an
 * entry like any other: an attacker who writes valid ones writes values, not code.
 *
 * @param truth what the loader finds, as canonical JSON
 */
export function judge({ put, code }: Hostile, { first, second }: Attacked, truth: string): string | null {
  if (typeof first === "string" || typeof second === "string") return "failed";
  if (typeof put === "string") {
    // Redis itself refuses: nothing is decoded, nothing stored, and the record is left alone.
    const loaded = first.source === "database" && second.source === "database";
    return loaded && first.json === truth && second.json === truth ? null : "was answered by a foreign record";
  }
  const undecodable = first.codes.length > 0;
  if (code !== undefined && first.codes[0] !== code) return `counted ${first.codes[0]} and not ${code}`;
  if (!undecodable) return first.source === "database" ? "was a miss that nobody counted" : null;
  if (first.source !== "database" || first.json !== truth) return "did not get the loader's value";
  if (second.json !== truth) return "did not get the loader's value the second time";
  return second.source === (isDirty(put) ? "database" : "redis") ? null : "did not hit afterwards";
}

/** A header that says "not in the database yet" is never replaced by a load, whatever is behind it (SPEC 10.1). */
function isDirty(bytes: Buffer): boolean {
  if (bytes.length < 16 || bytes.readUIntBE(0, 3) !== 0xc1ca09) return false;
  const [length, flags] = [2 * bytes.readUInt8(3), bytes.readUInt8(5)];
  const optional = (flags & 0x10 ? 8 : 0) + (flags & 0x08 ? 6 : 0) + (flags & 0x04 ? 4 : 0);
  const versioned = (flags & 0x10) === 0 || (bytes.length >= 24 && bytes.readBigUInt64BE(16) <= 2n ** 53n - 1n);
  return (flags & 0x40) !== 0 && length >= 16 + optional && bytes.length >= 16 + optional && versioned;
}
