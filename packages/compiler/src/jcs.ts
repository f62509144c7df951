import { compare } from "./problems.ts";

/**
 * RFC 8785 text of a plain JSON value: members sorted by UTF-16 code units, no white space.
 *
 * ECMAScript's own number and string forms are those of the RFC, so only the order of members is left to do.
 */
export function jcs(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => compare(a, b))
      .map(([name, member]) => `${JSON.stringify(name)}:${jcs(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}
