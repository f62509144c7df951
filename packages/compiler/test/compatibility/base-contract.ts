import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { generate, snapshot } from "../../src/index.ts";
import { put } from "../scratch-contract.ts";

/** When the last release of the base contract was made, and an hour after it: when most edits are judged. */
export const RELEASED = {
  "1.0.0": "2026-01-01T00:00:00.000Z",
  "1.1.0": "2026-01-02T00:00:00.000Z",
  "1.2.0": "2026-01-03T00:00:00.000Z",
} as const;
export const AFTERWARDS: Date = new Date("2026-01-03T01:00:00Z");

const HEAD = (pkg: string): string => `syntax = "proto3";

package ${pkg}.v1;

import "cachepact/v1/options.proto";
import "google/protobuf/timestamp.proto";

`;

/** MessagePack, versioned, with grace. Also holds an entity that is deprecated, and one message of both. */
const ACCOUNT = `${HEAD("accounts")}message Account {
  option (cachepact.v1.entry) = {
    key: "account:{id}"
    generation: 1
    codec: CODEC_MSGPACK
    framing: FRAMING_FRAMED
    ttl_ms: 300000
    grace_ms: 60000
    max_payload_bytes: 65536
  };
  reserved 20;
  reserved "nickname";

  int64 id = 1 [
    jstype = JS_NUMBER,
    (cachepact.v1.field).required = true
  ];
  string email = 2 [(cachepact.v1.field).pii = true];
  int32 logins = 3;
  int64 balance_cents = 4;
  optional string note = 5;
  google.protobuf.Timestamp created_at = 6 [(cachepact.v1.field).required = true];
  repeated string roles = 7;
  map<string, string> labels = 8;
  Address address = 9;
  Status status = 10;
  bool active = 11;
  bytes avatar = 12;
  string fax = 13 [deprecated = true];
  int64 version = 14 [
    jstype = JS_NUMBER,
    (cachepact.v1.field).version = true
  ];
  optional string tier = 19 [
    deprecated = true,
    (cachepact.v1.field).required = true
  ];
}

message Address {
  string street = 1;
  string city = 2;
}

enum Status {
  STATUS_UNSPECIFIED = 0;
  STATUS_OPEN = 1;
  STATUS_CLOSED = 2;
}

message Relic {
  option deprecated = true;
  option (cachepact.v1.entry) = {
    key: "relic:{id}"
    codec: CODEC_MSGPACK
    framing: FRAMING_FRAMED
    ttl_ms: 60000
  };
  string id = 1;
  Address address = 2;
}
`;

/** JSON, with a declared enum parameter and a limited string in its key. */
const ARTICLE = `${HEAD("articles")}message Article {
  option (cachepact.v1.entry) = {
    key: "article:{region}:{slug}"
    generation: 1
    codec: CODEC_JSON
    framing: FRAMING_FRAMED
    ttl_ms: 60000
    params: [
      {
        name: "region"
        type: "enum"
        values: [
          "eu",
          "us"
        ]
      },
      {
        name: "slug"
        max_bytes: 64
      }
    ]
  };

  string slug = 1 [(cachepact.v1.field).required = true];
  string title = 2;
  Kind kind = 3;
  uint64 views = 4;
  google.protobuf.Timestamp published_at = 5;
}

enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_NEWS = 1;
  KIND_ESSAY = 2;
}
`;

/** Protobuf, sliding, hash tag, hashed secret. */
const SESSION = `${HEAD("sessions")}message Session {
  option (cachepact.v1.entry) = {
    key: "session:{{user_id}}:{session_id}"
    generation: 1
    codec: CODEC_PROTOBUF
    framing: FRAMING_FRAMED
    ttl_ms: 1800000
    sliding: {
      idle_ms: 1800000
      max_ms: 86400000
    }
    params: {
      name: "session_id"
      transforms: KEY_TRANSFORM_SHA256
    }
  };

  int64 user_id = 1 [jstype = JS_NUMBER];
  string session_id = 2 [(cachepact.v1.field).required = true];
  Level level = 3;
  repeated string scopes = 4;
  google.protobuf.Timestamp expires_at = 5;
}

enum Level {
  LEVEL_UNSPECIFIED = 0;
  LEVEL_PASSWORD = 1;
}
`;

/** PLAIN: naive clients read and write it. */
const BADGE = `${HEAD("badges")}message Badge {
  option (cachepact.v1.entry) = {
    key: "badge:{id}"
    codec: CODEC_JSON
    framing: FRAMING_PLAIN
    ttl_ms: 60000
  };

  int64 id = 1 [jstype = JS_NUMBER];
  string text = 2;
  google.protobuf.Timestamp issued_at = 3;
}
`;

/** Written behind; Cart is in the middle of a bump. */
const SETTING = `${HEAD("settings")}message Setting {
  option (cachepact.v1.entry) = {
    key: "setting:{user_id}"
    generation: 1
    codec: CODEC_PROTOBUF
    framing: FRAMING_FRAMED
    ttl_ms: 600000
    max_payload_bytes: 16384
    log: "settings"
    partitions: 16
  };

  int64 user_id = 1 [jstype = JS_NUMBER];
  string theme = 2;
  google.protobuf.Timestamp changed_at = 3;
}

message Cart {
  option (cachepact.v1.entry) = {
    key: "cart:{user_id}"
    generation: 2
    codec: CODEC_PROTOBUF
    framing: FRAMING_FRAMED
    ttl_ms: 7200000
    log: "carts"
    previous_generation: 1
  };

  int64 user_id = 1 [jstype = JS_NUMBER];
  repeated string items = 2;
}
`;

/** Invoice has announced its next generation, Order has switched in release 1.1.0. */
const INVOICE = `${HEAD("invoices")}message Invoice {
  option (cachepact.v1.entry) = {
    key: "invoice:{number}"
    generation: 1
    codec: CODEC_JSON
    framing: FRAMING_FRAMED
    ttl_ms: 3600000
    next_generation: 2
  };

  string number = 1;
  double total = 2;
  Line line = 3;
  google.protobuf.Timestamp due_at = 4;
}

message Line {
  string text = 1;
}

message Order {
  option (cachepact.v1.entry) = {
    key: "order:{number}"
    generation: 2
    codec: CODEC_MSGPACK
    framing: FRAMING_FRAMED
    ttl_ms: 3600000
    grace_ms: 600000
    previous_generation: 1
    announced: {
      codec: CODEC_PROTOBUF
      max_payload_bytes: 2097152
    }
  };

  string number = 1;
  int64 total_cents = 2;
  Line line = 3;
}
`;

/** The contract of release 1.2.0, by file. */
export const BASE: Readonly<Record<string, string>> = {
  "proto/accounts/v1/account.proto": ACCOUNT,
  "proto/articles/v1/article.proto": ARTICLE,
  "proto/sessions/v1/session.proto": SESSION,
  "proto/badges/v1/badge.proto": BADGE,
  "proto/settings/v1/setting.proto": SETTING,
  "proto/invoices/v1/invoice.proto": INVOICE,
};

export type File = "account" | "article" | "session" | "badge" | "setting" | "invoice";

/** Text that stands exactly once in a file of the contract, and what replaces it. */
export type Replacement = readonly [file: File, from: string, to: string];

/** Without code: only the lock is generated anew for each edit. */
export const CONFIG: unknown = { protos: ["proto"], lock: "contracts.lock.json", history: "history" };

/** An entity of release 1.0.0 alone, deprecated from the start. */
export const GHOST: string = `message Ghost {
  option deprecated = true;
  option (cachepact.v1.entry) = {
    key: "ghost:{id}"
    codec: CODEC_JSON
    framing: FRAMING_FRAMED
    ttl_ms: 60000
  };
  string id = 1;
}

`;

/** Undoes, one release after the other, what 1.1.0 and 1.2.0 changed. */
const UNDO_1_2: readonly Replacement[] = [
  ["account", '  reserved 20;\n  reserved "nickname";\n\n', ""],
  [
    "account",
    "  string fax = 13 [deprecated = true];",
    "  string fax = 13;\n  string nickname = 20 [deprecated = true];",
  ],
  ["account", "  option deprecated = true;\n", ""],
  ["invoice", "    next_generation: 2\n", ""],
];
const UNDO_1_1: readonly Replacement[] = [
  ["badge", "message Badge {", `${GHOST}message Badge {`],
  ["account", "nickname = 20 [deprecated = true]", "nickname = 20"],
  ["invoice", "    generation: 2\n", "    generation: 1\n"],
  ["invoice", "    previous_generation: 1\n", "    next_generation: 2\n"],
  ["invoice", "int64 total_cents = 2", "double total = 2"],
  ["setting", "    generation: 2\n", "    generation: 1\n"],
  ["setting", "    previous_generation: 1\n", "    next_generation: 2\n"],
];

/** The protos after some edits. */
export function replaced(
  files: Readonly<Record<string, string>>,
  replacements: readonly Replacement[],
): Readonly<Record<string, string>> {
  const result = { ...files };
  for (const [name, from, to] of replacements) {
    const parts = result[fileOf(name)]?.split(from) ?? [];
    if (parts.length !== 2) throw new Error(`${name}: ${JSON.stringify(from)} stands ${parts.length - 1} times`);
    result[fileOf(name)] = parts.join(to);
  }
  return result;
}

/** Applies edits to the protos of a contract folder. */
export function edit(folder: string, replacements: readonly Replacement[]): void {
  const names = [...new Set(replacements.map(([name]) => fileOf(name)))];
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
  put(folder, replaced(files, replacements));
}

export function fileOf(name: File): string {
  return `proto/${name}s/v1/${name}.proto`;
}

/** The protos of every release, the oldest first. */
export const RELEASES: Readonly<Record<keyof typeof RELEASED, Readonly<Record<string, string>>>> = {
  "1.0.0": replaced(replaced(BASE, UNDO_1_2), UNDO_1_1),
  "1.1.0": replaced(BASE, UNDO_1_2),
  "1.2.0": BASE,
};

/** A released contract in a folder of its own: three releases, generated output of the last. Made once, then copied. */
export async function releasedContract(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), "cachepact-base-"));
  put(folder, { "cachepact.json": JSON.stringify(CONFIG) });
  for (const [name, files] of Object.entries(RELEASES)) {
    put(folder, files);
    await release(folder, name, RELEASED[name as keyof typeof RELEASED]);
  }
  return folder;
}

export async function release(
  folder: string,
  name: string,
  at: string,
  drained: readonly string[] = [],
): Promise<void> {
  await generate(folder);
  await snapshot(folder, { release: name, now: new Date(at), drained });
}

/** Runs something on a copy of a folder that is removed afterwards. */
export async function onCopy<T>(folder: string, action: (copy: string) => Promise<T>): Promise<T> {
  const copy = mkdtempSync(path.join(tmpdir(), "cachepact-edit-"));
  try {
    cpSync(folder, copy, { recursive: true });
    return await action(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
