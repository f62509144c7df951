/** The data of the comparison: one user object, small (312 bytes as JSON) and large (7.8 KB). Python builds the same. */

/** A user by the names of the wire: what a program without a contract would store. */
export interface User {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly created_at: string;
  readonly roles: readonly string[];
  readonly preferences: Readonly<Record<string, string>>;
  readonly balance: number;
  /** Absent in a small user. */
  readonly orders?: readonly Order[];
}

export interface Order {
  readonly order_id: string;
  readonly sku: string;
  readonly qty: number;
  readonly price_cents: number;
  readonly placed_at: string;
  readonly note: string;
  readonly gift: boolean;
}

export type Size = "small" | "large";
export const SIZES: readonly Size[] = ["small", "large"];

const ORDERS_OF_A_LARGE_USER = 52;
const ROLES = ["admin", "editor", "viewer", "billing", "support"] as const;
const TIME_ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"] as const;

/** The user number `index`; each differs from its neighbours, so that no contender lives on one cached string. */
export function user(index: number, size: Size): User {
  const small: User = {
    id: 1_000_000 + index,
    email: `user${index}.example@mail.example.com`,
    name: `Name${index} Surname${index % 97}`,
    created_at: new Date(1_700_000_000_000 + index * 1000).toISOString(),
    roles: [role(index), role(index + 1), role(index + 2)],
    preferences: {
      theme: index % 2 === 1 ? "dark" : "light",
      locale: "en-GB",
      timezone: TIME_ZONES[index % TIME_ZONES.length] as string,
      newsletter: "weekly",
      currency: "EUR",
      density: "compact",
    },
    balance: 9_007_199_254 * ((index % 7) + 1),
  };
  if (size === "small") return small;
  return { ...small, orders: Array.from({ length: ORDERS_OF_A_LARGE_USER }, (_, at) => order(index, at)) };
}

/** The first `count` users. */
export function users(count: number, size: Size): readonly User[] {
  return Array.from({ length: count }, (_, index) => user(index, size));
}

function role(index: number): string {
  return ROLES[index % ROLES.length] as string;
}

function order(index: number, at: number): Order {
  return {
    order_id: `ord_${(index * 131 + at * 7919).toString(36)}_${at}`,
    sku: `SKU-${1000 + ((index + at * 37) % 9000)}`,
    qty: 1 + (at % 5),
    price_cents: 1999 + at * 113,
    placed_at: new Date(1_710_000_000_000 + at * 3_600_000).toISOString(),
    note: at % 3 === 0 ? "leave at the door" : "standard",
    gift: at % 4 === 0,
  };
}
