/** Times are epoch ms in the years 1 to 9999, UTC, as google.protobuf.Timestamp limits them. */
export const MIN_TIMESTAMP_MS: number = -62_135_596_800_000;
export const MAX_TIMESTAMP_MS: number = 253_402_300_799_999;

/** The two parts that MessagePack and Protobuf write: whole seconds toward -infinity, and what is left in ns. */
export interface TimestampParts {
  readonly seconds: number;
  readonly nanos: number;
}

export function timestampParts(ms: number): TimestampParts {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}

/** Epoch ms of the parts, finer digits floored; undefined outside the years 1 to 9999 or when nanos are no fraction. */
export function timestampFromParts(seconds: number, nanos: number): number | undefined {
  if (!(nanos >= 0 && nanos <= 999_999_999)) return undefined;
  const ms = seconds * 1000 + Math.floor(nanos / 1_000_000);
  return ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS ? ms : undefined;
}

/** RFC 3339 in UTC with a `Z`; three digits of a second, or none when they are zero. */
export function formatTimestamp(ms: number): string {
  const text = new Date(ms).toISOString();
  return ms % 1000 === 0 ? `${text.slice(0, 19)}Z` : text;
}

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Epoch ms of RFC 3339 text with any offset and up to nine digits of a second, floored to ms.
 *
 * Gives "E_TYPE" for text of another form, "E_RANGE" for a date or time that does not exist or leaves the years 1 to
 * 9999. A leap second (`:60`) does not exist here: no language's time type can hold it.
 */
export function parseTimestamp(text: string): number | "E_TYPE" | "E_RANGE" {
  const match = RFC_3339.exec(text);
  if (match === null) return "E_TYPE";
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fraction = Number((match[7] ?? "").padEnd(9, "0").slice(0, 3));
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  if (year < 1 || hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return "E_RANGE";
  // setUTCFullYear, because Date.UTC moves the years 0..99 into the last century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return "E_RANGE";
  const offset = (offsetHour * 60 + offsetMinute) * (match[8] === "-" ? -60_000 : 60_000);
  const ms = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset;
  return ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS ? ms : "E_RANGE";
}
