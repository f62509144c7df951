import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { entryKeys } from "@cachepact/wire";
import { fromNeutral, type NeutralMembers } from "@cachepact/wire/testing";
import type { AnyEntity } from "../rolling/release.ts";
import type { Target } from "./attack.ts";

interface Case {
  readonly kind?: string;
  readonly entity?: string;
  readonly value?: NeutralMembers | null;
}

/**
 * A row for each entity that the fixtures have one of, and whose key can be told from it: only such a row can be put
 * under a key.
 *
 * @param file a fixture file of `@cachepact/wire` or `@cachepact/contracts`
 */
export function targetsIn(file: string, entities: readonly AnyEntity[]): readonly Target[] {
  const path = createRequire(import.meta.url).resolve(file);
  const { cases, entity: only }: { cases: readonly Case[]; entity?: string } = JSON.parse(readFileSync(path, "utf8"));
  return entities.flatMap((entity) => {
    for (const { kind = "entry", entity: name = only, value } of cases) {
      if (kind !== "entry" || name !== entity.record.entity || !value) continue;
      const row = fromNeutral(entity.record.schema, value);
      if (!isRow(entity, row)) continue;
      // As a loader would give it: with the defaults that the fixture leaves out.
      return [{ entity, value: entity.fromJson(entity.toJson(row)) }];
    }
    return [];
  });
}

function isRow(entity: AnyEntity, row: object): boolean {
  try {
    entryKeys(entity.record, "", entity.keyOf(row));
    return true;
  } catch {
    return false;
  }
}
