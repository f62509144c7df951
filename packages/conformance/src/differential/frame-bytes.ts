import type { NeutralMembers } from "@cachepact/wire/testing";
import fc from "fast-check";
import { BYTE_MUTATIONS, type ByteMutation, mutateBytes } from "./byte-mutation.ts";
import { bigEndian } from "./msgpack-tree.ts";
import { join, mutation } from "./mutation.ts";

/** A header as frame.encode takes it. Not all of them are legal. */
export const frameHeader: fc.Arbitrary<NeutralMembers> = fc.record({
  codec: fc.constantFrom(0, 1, 2, 3, 4, 2, 3),
  negative: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  dirty: fc.boolean(),
  ascii: fc.boolean(),
  fingerprint: fc.nat({ max: 0xffff_ffff }).map((value) => value.toString(16).padStart(8, "0")),
  stale_at_ms: number(48),
  version: fc.oneof(number(53), fc.constantFrom(0, 1, 2 ** 53 - 1)),
  created_at_ms: number(48),
  cost_ms: number(32),
});

function number(bits: number): fc.Arbitrary<number> {
  const most = 2 ** bits - 1;
  return fc.oneof(
    fc.constantFrom(0, 1, most),
    fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1, most - 1),
    fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((value) => value % (most + 1)),
  );
}

const NO_OTHER = Uint8Array.of(0xc1, 0xca, 0x09, 0x08, 0x02, 0x30, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0);

interface Parts {
  readonly magic: readonly number[];
  readonly units: number | undefined;
  readonly codec: number;
  readonly flags: number;
  readonly fingerprint: number;
  readonly staleAt: bigint;
  readonly version: bigint;
  readonly createdAt: bigint;
  readonly cost: bigint;
  readonly extension: Uint8Array;
}

const big = (bits: number): fc.Arbitrary<bigint> =>
  fc.oneof(fc.constantFrom(0n, 1n, 2n ** BigInt(bits) - 1n), fc.bigInt(0n, 2n ** BigInt(bits) - 1n));

/** Parts of a header that need not fit each other: flags that exclude each other, codecs of the future, wrong lengths. */
function parts(codec: fc.Arbitrary<number>, fingerprint: fc.Arbitrary<number>): fc.Arbitrary<Parts> {
  const good = fc.constant([0xc1, 0xca, 0x09]);
  return fc.record({
    magic: fc.oneof(
      { weight: 30, arbitrary: good },
      { weight: 1, arbitrary: fc.constantFrom([0xc1, 0xca, 0x0a], [0xc1, 0xcb, 9]) },
    ),
    units: fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat({ max: 40 }) }),
    codec: fc.oneof(
      { weight: 12, arbitrary: codec },
      { weight: 1, arbitrary: fc.constantFrom(0, 4, 5, 15, 16, 0x12, 0xf3) },
    ),
    flags: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(0, 0x20, 0x10, 0x18, 0x1c, 0x30, 0x3c, 0x50, 0x08, 0x04) },
      { weight: 2, arbitrary: fc.constantFrom(0x80, 0xd0, 0x40, 0xa0, 0x90, 0x02, 0x01, 0x12) },
      { weight: 1, arbitrary: fc.nat({ max: 255 }) },
    ),
    fingerprint,
    staleAt: big(48),
    version: fc.oneof(
      { weight: 8, arbitrary: big(53) },
      { weight: 1, arbitrary: fc.oneof(fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n), big(64)) },
    ),
    createdAt: big(48),
    cost: big(32),
    extension: fc.oneof(
      { weight: 8, arbitrary: fc.constant(new Uint8Array(0)) },
      { weight: 1, arbitrary: fc.constantFrom(2, 4, 8).map((size) => new Uint8Array(size)) },
    ),
  });
}

/** The header's bytes, by the table of SPEC 3 and without any of its rules. */
function headerBytes(from: Parts): Uint8Array {
  const fields = join(
    Uint8Array.from((from.flags & 0x10) === 0 ? [] : bigEndian(from.version, 8)),
    Uint8Array.from((from.flags & 0x08) === 0 ? [] : bigEndian(from.createdAt, 6)),
    Uint8Array.from((from.flags & 0x04) === 0 ? [] : bigEndian(from.cost, 4)),
    from.extension,
  );
  const units = from.units ?? (16 + fields.length) / 2;
  const base = [...from.magic, units, from.codec, from.flags, ...bigEndian(BigInt(from.fingerprint), 4)];
  return join(Uint8Array.from([...base, ...bigEndian(from.staleAt, 6)]), fields);
}

/** Frames whose header may break any rule, before `payload`; some changed in single bytes as well. */
export function frameBytes(
  payload: fc.Arbitrary<Uint8Array>,
  codec: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3),
  fingerprint: fc.Arbitrary<number> = fc.nat({ max: 0xffff_ffff }),
): fc.Arbitrary<Uint8Array> {
  const changes: fc.Arbitrary<readonly ByteMutation[]> = fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(mutation(BYTE_MUTATIONS), { minLength: 1, maxLength: 2 }) },
  );
  return fc.tuple(parts(codec, fingerprint), payload, changes).map(([header, body, all]) => {
    const whole = join(headerBytes(header), body);
    return all.reduce<Uint8Array>((bytes, change) => mutateBytes(bytes, change, NO_OTHER), whole);
  });
}
