import { expect, test } from "vitest";
import { SEED_USERS, seedUser } from "../src/seed.ts";

test("the data set is the same on every machine", () => {
  expect(seedUser(42)).toEqual({
    id: 42,
    email: "user42@example.com",
    name: "François Şahin",
    bio: null,
    created_at: "2023-09-27T12:27:20.123Z",
    roles: ["reader"],
    labels: { plan: "free", region: "ap-south" },
    balance_cents: "282598",
  });
});

test("the data set has balances beyond 2^53, emoji keys, users without roles and names of many scripts", () => {
  const users = Array.from({ length: SEED_USERS }, (_, index) => seedUser(index + 1));
  expect(users.some((user) => BigInt(user.balance_cents) > 2n ** 53n)).toBe(true);
  expect(users.some((user) => BigInt(user.balance_cents) < 0n)).toBe(true);
  expect(users.some((user) => "🏷" in user.labels)).toBe(true);
  expect(users.some((user) => user.roles.length === 0)).toBe(true);
  expect(new Set(users.map((user) => user.name)).size).toBeGreaterThan(150);
});
