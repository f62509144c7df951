import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Contender } from "./contender.ts";
import type { Order, User } from "./user.ts";

const here = createRequire(import.meta.url);

/** The field names that pbjs gives by default. */
export interface CamelUser extends Pick<User, "id" | "email" | "name" | "roles" | "preferences" | "balance"> {
  readonly createdAt: string;
  readonly orders?: readonly CamelOrder[];
}
interface CamelOrder extends Pick<Order, "sku" | "qty" | "note" | "gift"> {
  readonly orderId: string;
  readonly priceCents: number;
  readonly placedAt: string;
}

interface StaticMessage {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/**
 * What pbjs generates from `peers/user.proto`, made in a temporary folder when asked for.
 *
 * It runs on a copy of protobufjs that is told to do without `long`: its int64 are then numbers, as in the other
 * contenders, and faster; and our interpreter, which uses protobufjs too, keeps its own settings and inline caches.
 */
export function protobufjsStatic(): Contender {
  const message = generate();
  return {
    name: "protobufjs static",
    subject: camelUser,
    encode: (subject) => message.encode(subject as CamelUser).finish(),
    decode: (bytes) => message.decode(bytes),
    restore: (decoded) => wireUser(decoded as CamelUser),
  };
}

function generate(): StaticMessage {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-bench-"));
  try {
    const library = path.dirname(realpathSync(here.resolve("protobufjs/package.json")));
    cpSync(library, path.join(folder, "node_modules", "protobufjs"), { recursive: true });
    const pbjs = path.join(path.dirname(here.resolve("protobufjs-cli/package.json")), "bin", "pbjs");
    const proto = fileURLToPath(new URL("../../peers/user.proto", import.meta.url));
    const out = path.join(folder, "user.cjs");
    // Without the parts that a comparison of encode and decode does not use.
    const lean = ["--no-create", "--no-verify", "--no-convert", "--no-delimited", "--no-service", "--no-comments"];
    execFileSync(process.execPath, [pbjs, "-t", "static-module", "-w", "commonjs", ...lean, "-o", out, proto]);
    const copy = createRequire(out)("protobufjs/minimal") as { readonly util: { Long: unknown }; configure(): void };
    copy.util.Long = null;
    copy.configure();
    const module = here(out) as { readonly bench: { readonly User: StaticMessage } };
    return module.bench.User;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function camelUser({ created_at, orders, ...rest }: User): CamelUser {
  const small = { ...rest, createdAt: created_at };
  if (orders === undefined) return small;
  return {
    ...small,
    orders: orders.map(({ order_id, price_cents, placed_at, ...order }) => ({
      ...order,
      orderId: order_id,
      priceCents: price_cents,
      placedAt: placed_at,
    })),
  };
}

export function wireUser({ id, email, name, createdAt, roles, preferences, balance, orders }: CamelUser): User {
  const small = { id, email, name, created_at: createdAt, roles, preferences, balance };
  if (orders === undefined || orders.length === 0) return small;
  return {
    ...small,
    orders: orders.map(({ orderId, sku, qty, priceCents, placedAt, note, gift }) => ({
      order_id: orderId,
      sku,
      qty,
      price_cents: priceCents,
      placed_at: placedAt,
      note,
      gift,
    })),
  };
}
