import {
  type CodecName,
  type CodecPath,
  decodeEntry,
  decodePayload,
  defineEntity,
  type Entity,
  encodeEntry,
  encodePayload,
  type MessageType,
} from "@cachepact/wire";
import { JsonUser, MsgpackUser, ProtobufUser, WideUser } from "#contract";

import type { Contender } from "./contender.ts";
import { type CamelUser, camelUser, wireUser } from "./protobufjs-static.ts";
import type { User } from "./user.ts";

type AnyEntity = Entity<object, object>;
type Value = Required<CamelUser>;

const CODECS: readonly (readonly [CodecName, AnyEntity])[] = [
  ["json", JsonUser],
  ["msgpack", MsgpackUser],
  ["protobuf", ProtobufUser],
];
const WIDE: AnyEntity = WideUser;

/** The rows of cachepact: the payload alone by either path, with integers of 64 bits, in its entry, during a roll. */
export function ours(): readonly Contender[] {
  return [
    ...CODECS.map(([codec, entity]) => payload(`${codec}, generated`, codec, entity, "generated")),
    ...CODECS.map(([codec, entity]) => payload(`${codec}, interpreter`, codec, entity, "interpreter")),
    ...CODECS.map(([codec]) => wideIntegers(codec)),
    ...CODECS.map(([codec, entity]) => entry(codec, entity)),
    ...NEXT_RELEASES.flatMap((release) => CODECS.map(([codec, entity]) => duringRoll(release, codec, entity))),
  ];
}

/** Names begin alike, so that goals and readers can tell them from peers. */
export const OURS = "cachepact ";

function payload(name: string, codec: CodecName, entity: AnyEntity, path: CodecPath): Contender {
  return {
    name: `${OURS}${name}`,
    subject: value,
    encode: (subject) => encodePayload(entity, codec, subject as Value, path).bytes,
    decode: (bytes) => decodePayload(entity, codec, bytes, "lenient", path),
    restore: (decoded) => wireUser(decoded as Value),
  };
}

/** Frame and payload: what a cache does on a hit and on a fill. */
function entry(codec: CodecName, entity: AnyEntity): Contender {
  return {
    name: `${OURS}${codec}, entry with its frame`,
    subject: value,
    encode: (subject) => encodeEntry(entity, subject as Value),
    decode: (bytes) => decodeEntry(entity, bytes).value,
    restore: (decoded) => wireUser(decoded as Value),
  };
}

/** int64 without jstype: bigint here, text in JSON. */
function wideIntegers(codec: CodecName): Contender {
  return {
    name: `${OURS}${codec}, generated, 64-bit integers`,
    subject: widen,
    encode: (subject) => encodePayload(WIDE, codec, subject as Wide).bytes,
    decode: (bytes) => decodePayload(WIDE, codec, bytes, "lenient"),
    restore: (decoded) => narrow(decoded as Wide),
  };
}

/** The next release of the contract: one field more. */
interface NextRelease {
  readonly name: string;
  readonly schema: (now: MessageType) => MessageType;
  readonly value: (now: Value) => object;
}

const NEXT_RELEASES: readonly NextRelease[] = [
  {
    name: "a field of the next release",
    schema: withField,
    value: (now) => ({ ...now, loyaltyTier: "silver" }),
  },
  {
    name: "a field of the next release in every order",
    schema: (now) => ({
      ...now,
      fields: now.fields.map((field) =>
        field.name === "orders" ? { ...field, type: withField(field.type as MessageType) } : field,
      ),
    }),
    value: (now) => ({ ...now, orders: now.orders.map((order) => ({ ...order, loyaltyTier: "gold" })) }),
  },
];

function withField(now: MessageType): MessageType {
  const number = Math.max(...now.fields.map((field) => field.number)) + 1;
  return { ...now, fields: [...now.fields, { name: "loyalty_tier", number, presence: "implicit", type: "string" }] };
}

/** Today's release reads what the next one wrote: the state of a fleet during a roll. */
function duringRoll({ name, schema, value: change }: NextRelease, codec: CodecName, entity: AnyEntity): Contender {
  const next = defineEntity<object, object>({ ...entity.record, schema: schema(entity.record.schema) });
  return {
    name: `${OURS}${codec}, ${name}`,
    subject: value,
    payload: (user) => encodePayload(next, codec, change(value(user)), "interpreter").bytes,
    decode: (bytes) => decodePayload(entity, codec, bytes, "lenient"),
    restore: (decoded) => wireUser(decoded as Value),
  };
}

function value(user: User): Value {
  return { orders: [], ...camelUser(user) };
}

type Wide = Omit<Value, "id" | "balance" | "orders"> & {
  readonly id: bigint;
  readonly balance: bigint;
  readonly orders: readonly (Omit<Value["orders"][number], "priceCents"> & { readonly priceCents: bigint })[];
};

function widen(user: User): Wide {
  const { id, balance, orders, ...rest } = value(user);
  const wide = orders.map((order) => ({ ...order, priceCents: BigInt(order.priceCents) }));
  return { ...rest, id: BigInt(id), balance: BigInt(balance), orders: wide };
}

function narrow({ id, balance, orders, ...rest }: Wide): User {
  const narrowed = orders.map((order) => ({ ...order, priceCents: Number(order.priceCents) }));
  return wireUser({ ...rest, id: Number(id), balance: Number(balance), orders: narrowed });
}
