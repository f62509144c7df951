import type { User } from "./user.ts";

/** One codec of the comparison. All contenders take the same users and give them back. */
export interface Contender {
  readonly name: string;
  /** The user in the form that this codec takes: its property names, its integers. Built before measuring. */
  subject(user: User): unknown;
  /** Absent when only reading is compared. */
  readonly encode?: (subject: unknown) => Uint8Array;
  /** The bytes that `decode` reads; default: what `encode` gives. */
  readonly payload?: (user: User) => Uint8Array;
  readonly decode: (bytes: Buffer) => unknown;
  /** A decoded value back as a user, for the check before measuring; what it gives must equal the user. */
  restore(decoded: unknown): User;
}

/** The bytes that a contender's `decode` reads. */
export function payloadOf(contender: Contender, user: User): Uint8Array {
  if (contender.payload !== undefined) return contender.payload(user);
  if (contender.encode !== undefined) return contender.encode(contender.subject(user));
  throw new Error(`${contender.name}: has neither encode nor payload; give it one`);
}
