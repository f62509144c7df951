import type { AnyEntity } from "./release.ts";

/** A row as the source of truth has it: by column, whatever the schema of a release makes of it. */
export type Row = Readonly<Record<string, string | number>>;

/**
 * The value that a release's code makes of a row: the fields that its schema has, in its types; what the row does not
 * have is its default, or left out when it is optional. Every field of the rolling contracts has one word as its name, so that it is the property's too.
 */
export function valueOf(entity: AnyEntity, id: number, revision: number, row: Row): object {
  const columns: Row = { ...row, id, revision };
  const value: Record<string, unknown> = {};
  for (const { name, type, presence } of entity.record.schema.fields) {
    const column = columns[name] ?? (presence === "implicit" ? (type === "string" ? "" : 0) : undefined);
    if (column !== undefined) value[name] = type === "string" ? String(column) : Number(column);
  }
  return value;
}

/** The columns that a value gives back, defaults included. */
export function rowOf(value: object): Row {
  const { id: _, ...columns } = value as Record<string, string | number>;
  return columns;
}
