import type { BadEdit } from "../bad-edit.ts";

/** Enums, messages, packages, entities. */
export const NAMES: readonly BadEdit[] = [
  {
    name: "an enum value is renamed",
    why: "JSON holds the name: each side takes the other's for unknown",
    edit: [["article", "  KIND_ESSAY = 2;", "  KIND_OPINION = 2;"]],
    refused: ["enum-value-renamed article.kind"],
    says: ["KIND_ESSAY = 2", "is called KIND_OPINION"],
  },
  {
    name: "an enum value is removed",
    why: "old entries hold it",
    edit: [["account", "  STATUS_CLOSED = 2;", '  reserved 2;\n  reserved "STATUS_CLOSED";']],
    refused: ["enum-value-removed account.status"],
    says: ["STATUS_CLOSED = 2", "is gone"],
  },
  {
    name: "an enum value gets another number",
    why: "MessagePack and Protobuf hold numbers",
    edit: [["account", "  STATUS_CLOSED = 2;", "  reserved 2;\n  STATUS_CLOSED = 3;"]],
    refused: ["enum-value-renumbered account.status", "buf-breaking -"],
    says: ["has number 3 instead of 2"],
  },
  {
    name: "an enum value is added in JSON without an announcement",
    why: "old readers take its name for the enum's zero",
    edit: [["article", "  KIND_ESSAY = 2;", "  KIND_ESSAY = 2;\n  KIND_REVIEW = 3;"]],
    refused: ["enum-value-added article.kind"],
    says: ["KIND_REVIEW", 'announced: { enum_values: "KIND_REVIEW" }'],
  },
  {
    name: "an enum is renamed",
    why: "the schema of the entries is another one: both releases take each other's for foreign",
    edit: [
      ["account", "enum Status {", "enum State {"],
      ["account", "  Status status = 10;", "  State status = 10;"],
      ["account", "STATUS_UNSPECIFIED", "STATE_UNSPECIFIED"],
      ["account", "STATUS_OPEN", "STATE_OPEN"],
      ["account", "STATUS_CLOSED", "STATE_CLOSED"],
    ],
    refused: [
      "enum-renamed account.status",
      "enum-value-renamed account.status",
      "enum-value-renamed account.status",
      "enum-value-renamed account.status",
    ],
    says: ["enum accounts.v1.Status became accounts.v1.State"],
  },
  {
    name: "the entity's message is renamed",
    why: "buf lets it pass; both releases take each other's entries for foreign and never write them back",
    edit: [["article", "message Article {", "message Post {"]],
    refused: ["message-renamed article"],
    says: ["message articles.v1.Article became articles.v1.Post"],
  },
  {
    name: "a nested message is renamed",
    why: "as the entity's own",
    edit: [
      ["invoice", "message Line {", "message Item {"],
      ["invoice", "  Line line = 3;\n  google", "  Item line = 3;\n  google"],
      ["invoice", "  Line line = 3;", "  Item line = 3;"],
    ],
    refused: ["message-renamed invoice.line", "message-renamed order.line", "buf-breaking -", "buf-breaking -"],
    says: ["message invoices.v1.Line became invoices.v1.Item"],
  },
  {
    name: "the package changes",
    why: "every message and enum of it has another name",
    edit: [["badge", "package badges.v1;", "// buf:lint:ignore PACKAGE_DIRECTORY_MATCH\npackage emblems.v1;"]],
    refused: ["message-renamed badge", "buf-breaking -"],
    says: ["message badges.v1.Badge became emblems.v1.Badge"],
  },
  {
    name: "an entity is renamed",
    why: "neither release finds or invalidates the other's entries",
    edit: [["badge", 'key: "badge:{id}"', 'key: "emblem:{id}"']],
    refused: ["entity-renamed badge"],
    says: ["entity badge is called emblem", "old readers and writers"],
  },
  {
    name: "an entity is removed that was never deprecated",
    why: "old programs go on with it, and nobody invalidates for them",
    edit: [
      ["badge", 'key: "badge:{id}"', 'key: "crest:{id}"'],
      ["badge", "message Badge {", "message Crest {"],
    ],
    refused: ["entity-removed badge"],
    says: ["no release marked its message deprecated"],
  },
];
