import { defineEntity, type EntityRecord } from "@cachepact/wire";
import { describe, expect, test } from "vitest";
import { aUser, User } from "./entities.ts";
import { outcomeOf } from "./outcome.ts";
import { redisFixture } from "./redis-fixture.ts";

interface TenantUserKey {
  readonly tenant: string;
  readonly id: number;
}

const redis = redisFixture();
const tenant: EntityRecord["key"][number] = { param: "tenant", type: "string", max_bytes: 128, transforms: [] };
const TenantUser = defineEntity<TenantUserKey, User>({ ...User.record, key: [tenant, ...User.record.key] });
const key: TenantUserKey = { tenant: "acme", id: 1 };

describe("a key with a parameter that is no field of the value", () => {
  test("is read, written and read again", async () => {
    const users = redis.cache().entity(TenantUser, { load: async () => aUser(1) });
    expect(await users.getEntry(key)).toMatchObject({ source: "database" });
    expect(await users.getEntry(key)).toMatchObject({ source: "redis" });
    await users.write(key, async () => aUser(1, { name: "New", version: 2 }));
    expect(await users.getEntry(key)).toMatchObject({ source: "redis", value: { name: "New" } });
    expect(await redis.client.keys("user@1:*")).toEqual(["user@1:acme:1"]);
  });

  test("still refuses a row whose own parameters are another key's", async () => {
    const users = redis.cache().entity(TenantUser, { load: async () => aUser(2) });
    expect(await outcomeOf(users.get(key))).toBe("E_LOADER");
  });
});
