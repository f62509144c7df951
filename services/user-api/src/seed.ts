import pg from "pg";
import { loadDatabaseUrl } from "./config.ts";
import { printAndExit } from "./errors.ts";

/** How many users the development data set has; their ids are 1 to this. */
export const SEED_USERS = 10_000;

const GIVEN_NAMES = [
  "Ada",
  "Zoë",
  "李明",
  "Łukasz",
  "Ægir",
  "Nguyễn",
  "Олена",
  "ياسمين",
  "さくら",
  "Søren",
  "François",
  "Kwame",
  "Íris",
  "Müge",
  "Aroha",
  "J. 🚀",
];
const FAMILY_NAMES = [
  "Lovelace",
  "O’Neill",
  "Şahin",
  "García-Márquez",
  "Þórsdóttir",
  "van der Berg",
  "Иваненко",
  "Müller",
  "Nakamura",
  "Okafor",
  "Wójcik",
];
const ROLES = [["reader"], ["reader", "editor"], ["admin"], [], ["reader", "billing"], ["editor", "auditor", "reader"]];
const PLANS = ["free", "team", "enterprise"];
const REGIONS = ["eu-west", "us-east", "ap-south"];
/** 2023-11-14T22:13:20.123Z: users joined in the year before, seven minutes apart. */
const LAST_JOINED_MS = 1_700_000_000_123;

interface SeedUser {
  id: number;
  email: string;
  name: string;
  bio: string | null;
  created_at: string;
  roles: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Text, because every 97th balance lies beyond 2^53. */
  balance_cents: string;
}

/** The user of one id: the same on every machine, so that tests and the tour may name what they expect. */
export function seedUser(id: number): SeedUser {
  const pick = <T>(list: readonly T[], step: number): T => list[Math.floor(id / step) % list.length] as T;
  const labels: Record<string, string> = { plan: pick(PLANS, 1), region: pick(REGIONS, 3) };
  if (id % 5 === 0) labels["überschrift"] = `№ ${id}`;
  if (id % 50 === 0) labels["🏷"] = "émoji key";
  return {
    id,
    email: `user${id}@example.com`,
    name: `${pick(GIVEN_NAMES, 1)} ${pick(FAMILY_NAMES, GIVEN_NAMES.length)}`,
    bio: id % 3 === 0 ? null : `Member number ${id}.`,
    created_at: new Date(LAST_JOINED_MS - (SEED_USERS - id) * 420_000).toISOString(),
    roles: pick(ROLES, 1),
    labels,
    balance_cents: String(
      id % 97 === 0 ? 9_007_199_254_740_993n + BigInt(id) : BigInt((id * 7919) % 1_000_000) - 50_000n,
    ),
  };
}

/**
 * Puts the development data set into table `users` and returns how many rows it inserted.
 *
 * Existing rows stay as they are, so it may run at any time; with every row there it only counts them.
 */
export async function seed(databaseUrl: string): Promise<number> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    application_name: "user-api-seed",
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ there: string }>(
      "select count(*) as there from users where id between 1 and $1",
      [SEED_USERS],
    );
    if (Number(rows[0]?.there) === SEED_USERS) return 0;
    const users = Array.from({ length: SEED_USERS }, (_, index) => seedUser(index + 1));
    const { rowCount } = await client.query(
      `insert into users (id, email, name, bio, created_at, roles, labels, balance_cents)
       select id, email, name, bio, created_at, roles, labels, balance_cents from jsonb_to_recordset($1::jsonb)
         as x(id bigint, email text, name text, bio text, created_at timestamptz, roles text[], labels jsonb, balance_cents bigint)
       on conflict (id) do nothing`,
      [JSON.stringify(users)],
    );
    // The ids of the data set were not taken from the sequence: new users come after them.
    await client.query(
      "select setval('users_id_seq', greatest((select max(id) from users), (select last_value from users_id_seq)))",
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

if (import.meta.main) {
  try {
    const started = performance.now();
    const inserted = await seed(loadDatabaseUrl(process.env));
    process.stdout.write(
      `seed of user-api: ${inserted} users inserted, ${SEED_USERS} there (${Math.round(performance.now() - started)} ms)\n`,
    );
  } catch (error) {
    printAndExit("user-api seed", error);
  }
}
