import { encodeEntry } from "@cachepact/wire";
import { beforeAll, describe, expect, test } from "vitest";
import { MsgpackUser } from "#contract";

import { checkRoundTrips } from "../src/codecs/check-round-trips.ts";
import { type Contender, payloadOf } from "../src/codecs/contender.ts";
import { digest } from "../src/codecs/measure.ts";
import { ours } from "../src/codecs/ours.ts";
import { JSON_BASELINE, peers } from "../src/codecs/peers.ts";
import { camelUser } from "../src/codecs/protobufjs-static.ts";
import { SIZES, type Size, user, users } from "../src/codecs/user.ts";

let contenders: readonly Contender[] = [];

beforeAll(() => {
  contenders = [...peers(), ...ours()];
});

function named(name: string): Contender {
  const found = contenders.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no contender ${name}`);
  return found;
}

function bytes(name: string, size: Size): number {
  return payloadOf(named(name), user(0, size)).length;
}

describe("contenders", () => {
  test("give back every user that they are given", () => {
    expect(() => checkRoundTrips(contenders)).not.toThrow();
    expect(contenders.length).toBeGreaterThan(20);
  });

  test("one that loses a field is named", () => {
    const json = named(JSON_BASELINE);
    const lossy: Contender = {
      ...json,
      name: "lossy",
      restore: (decoded) => ({ ...json.restore(decoded), balance: 0 }),
    };
    expect(() => checkRoundTrips([json, lossy])).toThrow("written by lossy;");
  });

  test("one that loses a field of the large user alone is named", () => {
    const json = named(JSON_BASELINE);
    const lossy: Contender = {
      ...json,
      name: "lossy",
      restore: (decoded) => json.restore({ ...(decoded as object), orders: undefined }),
    };
    expect(() => checkRoundTrips([lossy])).toThrow("lossy");
  });

  test("both paths of a codec give the same bytes", () => {
    for (const codec of ["json", "msgpack", "protobuf"]) {
      for (const size of SIZES) {
        const payloads = (path: string): readonly Uint8Array[] =>
          users(16, size).map((one) => payloadOf(named(`cachepact ${codec}, ${path}`), one));
        expect(digest(payloads("generated"))).toBe(digest(payloads("interpreter")));
      }
    }
  });

  test("what protobufjs writes, our Protobuf reads, and the other way round", () => {
    const peer = named("protobufjs static");
    const our = named("cachepact protobuf, generated");
    const large = user(5, "large");
    expect(our.restore(our.decode(Buffer.from(payloadOf(peer, large))))).toEqual(large);
    expect(peer.restore(peer.decode(Buffer.from(payloadOf(our, large))))).toMatchObject({ orders: large.orders });
  });

  test("an entry is a payload behind sixteen bytes", () => {
    for (const size of SIZES) {
      for (const codec of ["json", "msgpack", "protobuf"]) {
        expect(bytes(`cachepact ${codec}, entry with its frame`, size)).toBe(
          bytes(`cachepact ${codec}, generated`, size) + 16,
        );
      }
    }
  });

  test("payloads of the next release hold its field, and nothing of it reaches the value", () => {
    for (const codec of ["json", "msgpack", "protobuf"]) {
      const now = named(`cachepact ${codec}, generated`);
      for (const release of ["a field of the next release", "a field of the next release in every order"]) {
        const next = named(`cachepact ${codec}, ${release}`);
        const payload = Buffer.from(payloadOf(next, user(1, "large")));
        expect(payload.length).toBeGreaterThan(payloadOf(now, user(1, "large")).length);
        expect(next.decode(payload)).toEqual(now.decode(Buffer.from(payloadOf(now, user(1, "large")))));
      }
    }
  });
});

describe("goal 7: bytes", () => {
  test("the users are those of the goals", () => {
    expect(bytes(JSON_BASELINE, "small")).toBe(311);
    expect(bytes(JSON_BASELINE, "large")).toBe(7_785);
  });

  test("a Protobuf payload takes at most 0.75 of the JSON when small, 0.5 when large", () => {
    const protobuf = "cachepact protobuf, generated";
    expect(bytes(protobuf, "small") / bytes(JSON_BASELINE, "small")).toBeLessThanOrEqual(0.75);
    expect(bytes(protobuf, "large") / bytes(JSON_BASELINE, "large")).toBeLessThanOrEqual(0.5);
  });

  test("with its frame it takes at most 0.85 of the JSON when small, 0.53 when large", () => {
    const entry = "cachepact protobuf, entry with its frame";
    expect(bytes(entry, "small") / bytes(JSON_BASELINE, "small")).toBeLessThanOrEqual(0.85);
    expect(bytes(entry, "large") / bytes(JSON_BASELINE, "large")).toBeLessThanOrEqual(0.53);
  });

  test("a frame without version and times takes sixteen bytes", () => {
    const value = { ...camelUser(user(0, "small")), orders: [] };
    expect(encodeEntry(MsgpackUser, value).length - bytes("cachepact msgpack, generated", "small")).toBe(16);
  });
});
