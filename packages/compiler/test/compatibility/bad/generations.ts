import type { BadEdit } from "../bad-edit.ts";
import { GHOST } from "../base-contract.ts";

/** Generations that do not rise in three releases, and what else needs more than one. */
export const GENERATIONS: readonly BadEdit[] = [
  {
    name: "the generation rises unannounced",
    why: "old programs do not invalidate the new entries: stale until the ttl",
    edit: [["account", "    generation: 1\n", "    generation: 2\n    previous_generation: 1\n"]],
    refused: ["switch-unannounced account"],
    says: ["release 1.2.0 announces none", "next_generation: 2"],
  },
  {
    name: "the generation rises to another than the announced one",
    why: "old programs invalidate 2, new ones read 3",
    edit: [
      ["invoice", "    generation: 1\n", "    generation: 3\n"],
      ["invoice", "    next_generation: 2\n", "    previous_generation: 1\n"],
    ],
    refused: ["switch-unannounced invoice"],
    says: ["is 3, but release 1.2.0 announces 2"],
  },
  {
    name: "an announced switch without previous_generation",
    why: "new programs do not invalidate what old ones still read",
    edit: [
      ["invoice", "    generation: 1\n", "    generation: 2\n"],
      ["invoice", "    next_generation: 2\n", ""],
    ],
    refused: ["previous-missing invoice"],
    says: ["previous_generation is not set", "set previous_generation: 1"],
  },
  {
    name: "a switch that names another previous generation",
    why: "the generation that old programs read is not invalidated",
    edit: [
      ["invoice", "    generation: 1\n", "    generation: 2\n"],
      ["invoice", "    next_generation: 2\n", "    previous_generation: 0\n"],
    ],
    refused: ["previous-missing invoice"],
    says: ["previous_generation is 0"],
  },
  {
    name: "announced, but changed in the same release without the switch",
    why: "an announcement is no switch: entries of generation 1 are what both releases read",
    edit: [["invoice", "  double total = 2;", "  int64 total = 2;"]],
    refused: ["field-type invoice.total"],
    says: ["was double and is int64", "invoice@2 is announced"],
  },
  {
    name: "an unannounced switch does not excuse a changed field",
    why: "buf's finding stands as long as the generation did not rise properly",
    edit: [
      ["account", "    generation: 1\n", "    generation: 2\n    previous_generation: 1\n"],
      ["account", "  bool active = 11;", "  string active = 11;"],
    ],
    refused: ["switch-unannounced account", "buf-breaking -"],
    says: ["announces none"],
  },
  {
    name: "a proper switch does not excuse a message that others hold",
    why: "order@2 holds the same message, and it has not moved",
    edit: [
      ["invoice", "    generation: 1\n", "    generation: 2\n"],
      ["invoice", "    next_generation: 2\n", "    previous_generation: 1\n"],
      ["invoice", "  string text = 1;", "  bytes text = 1;"],
    ],
    refused: ["field-type order.line.text"],
    says: ["was string and is bytes"],
  },
  {
    name: "the generation falls",
    why: "entries of the earlier generation are still there, written under an older contract",
    edit: [
      ["invoice", "    generation: 2\n", "    generation: 1\n"],
      ["invoice", "    previous_generation: 1\n", ""],
    ],
    refused: ["generation-decreased order", "number-reused order.total_cents"],
    says: ["generation was 2 and is 1"],
  },
  {
    name: "an announced generation that was used before",
    why: "entries of its first use were written under another contract",
    edit: [["setting", "    previous_generation: 1\n", "    previous_generation: 1\n    next_generation: 2\n"]],
    refused: ["proto -"],
    says: ["next_generation 2 is not above generation 2"],
    code: "E_PROTO",
  },
  {
    name: "a switch is undone by announcing it again",
    why: "entries of generation 1 are older than those of 2, and 2 is no fresh generation any more",
    edit: [
      ["invoice", "    generation: 2\n", "    generation: 1\n"],
      ["invoice", "    previous_generation: 1\n", "    next_generation: 2\n"],
    ],
    refused: ["generation-reused order", "generation-decreased order", "number-reused order.total_cents"],
    says: ["next_generation is 2, but 2 was released already", "announce 3"],
  },
  {
    name: "an entity comes back under its old generation",
    why: "in between no program invalidated its entries, and they may still be there",
    edit: [["badge", "message Badge {", `${GHOST}message Badge {`]],
    refused: ["generation-reused ghost"],
    says: ["ghost is back with generation 0", "give it generation: 1"],
  },
  {
    name: "a previous generation that never was",
    why: "every write reaches for entries that cannot exist; somebody mistook a number",
    edit: [["account", "    generation: 1\n", "    generation: 1\n    previous_generation: 0\n"]],
    refused: ["previous-unknown account"],
    says: ["previous_generation is 0, which no release of account used"],
  },
  {
    name: "the old generation is retired before its entries are gone",
    why: "programs that are rolled back find entries that nobody invalidated",
    edit: [["invoice", "    previous_generation: 1\n", ""]],
    refused: ["retired-early order"],
    says: ["release 1.1.0 left it at 2026-01-02T00:00:00.000Z", "4200000 ms", "2026-01-02T01:10:00.000Z"],
    now: "2026-01-02T01:09:59Z",
  },
  {
    name: "write-behind: the old generation is retired before it is drained",
    why: "workers of the new release stop at the first old event, and its write is never in the database",
    edit: [["setting", "    previous_generation: 1\n", ""]],
    refused: ["drain-missing cart"],
    says: ["no snapshot says that it is drained", "--drained cart@1"],
  },
  {
    name: "write-behind: retired too early and not drained",
    why: "both",
    edit: [["setting", "    previous_generation: 1\n", ""]],
    refused: ["drain-missing cart", "retired-early cart"],
    says: ["--drained cart@1"],
    now: "2026-01-02T01:09:59Z",
  },
  {
    name: "the old generation is dropped for the next announcement",
    why: "a bump within a bump must not cut the first one short",
    edit: [["setting", "    previous_generation: 1\n", "    next_generation: 3\n"]],
    refused: ["drain-missing cart"],
    says: ["generation 1 of log carts is retired"],
  },
  {
    name: "a deprecated entity with a log is removed before it is drained",
    why: "accepted writes stay in a stream that no worker reads",
    edit: [
      ["setting", "message Setting {", "message Choice {"],
      ["setting", 'key: "setting:{user_id}"', 'key: "choice:{user_id}"'],
      ["setting", 'log: "settings"', 'log: "choices"'],
    ],
    refused: ["drain-missing setting", "entity-removed setting"],
    says: ["generation 1 of its log settings is drained"],
  },
  {
    name: "an entity with a log is removed while two of its generations are undrained",
    why: "a removal must not excuse the retirement of the generation before",
    edit: [
      ["setting", "message Cart {", "message Basket {"],
      ["setting", 'key: "cart:{user_id}"', 'key: "basket:{user_id}"'],
      ["setting", 'log: "carts"', 'log: "baskets"'],
    ],
    refused: ["drain-missing cart", "drain-missing cart", "entity-removed cart"],
    says: ["generation 1 of its log carts is drained", "--drained cart@1"],
  },
];
