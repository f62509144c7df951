import { abstain } from "./abstain.ts";

/** A value while it is put together. */
export type Draft<Value> = { -readonly [Name in keyof Value]: Value[Name] };

/** The value of bytes that are absent. */
export const noBytes: Uint8Array = new Uint8Array(0);

/**
 * A map while it is read. Without a prototype, so that `__proto__` is a key like any other.
 *
 * Not `Object.create(null)`, which the engine keeps as a hash table: slower to fill, and ten times slower to go through.
 */
export function emptyMap<Value>(): Record<string, Value> {
  return Object.setPrototypeOf({}, null) as Record<string, Value>;
}

/** The elements of a list; abstains for anything that is none. */
export function elements<Element>(list: readonly Element[]): readonly Element[] {
  return Array.isArray(list) ? (list as readonly Element[]) : abstain();
}

/** A property that every object inherits: only its own is the value's. */
export function own<Value extends object, Name extends keyof Value>(value: Value, name: Name): Value[Name] | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
