import { isDeepStrictEqual } from "node:util";

import { type Contender, payloadOf } from "./contender.ts";
import { SIZES, type User, users } from "./user.ts";

/** How many users of each size the check takes; they differ in every field. */
const CHECKED_USERS = 16;

/**
 * Every contender must give back the user that it was given, or its time says nothing.
 *
 * @throws {Error} naming the contenders that do not
 */
export function checkRoundTrips(contenders: readonly Contender[]): void {
  const broken = contenders.filter(
    (contender) => !SIZES.every((size) => users(CHECKED_USERS, size).every(gives(contender))),
  );
  if (broken.length === 0) return;
  const names = broken.map(({ name }) => name).join("; ");
  throw new Error(`compare codecs: found another user than was written by ${names}; repair the contender first`);
}

function gives(contender: Contender): (user: User) => boolean {
  return (user) =>
    isDeepStrictEqual(plain(contender.restore(contender.decode(Buffer.from(payloadOf(contender, user))))), user);
}

/** Prototypes apart: ours and protobufjs decode maps without one. */
function plain(user: User): User {
  const { preferences, roles, orders, ...rest } = user;
  const small = { ...rest, roles: [...roles], preferences: { ...preferences } };
  return orders === undefined ? small : { ...small, orders: orders.map((order) => ({ ...order })) };
}
