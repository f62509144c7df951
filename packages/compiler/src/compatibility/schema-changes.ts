import type { EnumType, Field, FieldType, MessageType } from "@cachepact/wire";

import { bump, type Comparison, note, since } from "./comparison.ts";
import type { Rule } from "./rules.ts";
import type { Released } from "./timeline.ts";

/** One message in two releases, and where it stands in the entity. */
interface Pair {
  readonly old: MessageType;
  readonly new: MessageType;
  /** Proto names from the entity's message, each with a dot behind it; empty for that message. */
  readonly path: string;
}

/** What a released payload and a reader of this contract, or the other way round, would not agree on. */
export function compareSchemas(comparison: Comparison, released: Released): void {
  new SchemaComparison(comparison, released).compare();
}

class SchemaComparison {
  readonly #comparison: Comparison;
  readonly #released: Released;
  /** What needs a release of its own beforehand is judged against the last one only. */
  readonly #isLast: boolean;

  constructor(comparison: Comparison, released: Released) {
    this.#comparison = comparison;
    this.#released = released;
    this.#isLast = released === comparison.timeline.last;
  }

  compare(): void {
    this.#messages({ old: this.#released.record.schema, new: this.#comparison.record.schema, path: "" });
  }

  #messages(pair: Pair): void {
    if (pair.old.message !== pair.new.message) {
      this.#note("message-renamed", pair, undefined, {
        change: `message ${pair.old.message} became ${pair.new.message}`,
        breaks: "programs of both releases: each takes the other's entries for foreign and never writes them back",
      });
    }
    for (const field of pair.old.fields) this.#field(pair, field);
    for (const field of pair.new.fields) {
      if (pair.old.fields.some(({ number, name }) => number === field.number || name === field.name)) continue;
      if (field.required === true) this.#requiredAdded(pair, field, `required field ${field.name} is new`);
      else if (this.#isLast && this.#comparison.record.log !== null) this.#writtenBehind(pair, field);
    }
  }

  #writtenBehind(pair: Pair, field: Field): void {
    this.#note("worker-first", pair, field, {
      verdict: "warning",
      change: `field ${field.name} of an entity with a log is new`,
      breaks: "the database: a worker of the old release writes the accepted value without the field",
      instead: "deploy the workers of this release before the first program that sets the field",
    });
  }

  #field(pair: Pair, old: Field): void {
    const byNumber = pair.new.fields.find(({ number }) => number === old.number);
    const byName = pair.new.fields.find(({ name }) => name === old.name);
    if (byNumber?.name === old.name) this.#sameField(pair, old, byNumber);
    else if (byName !== undefined) {
      this.#note("field-renumbered", pair, byName, {
        change: `field ${old.name} has number ${byName.number} instead of ${old.number}`,
        breaks: "readers of both releases: Protobuf knows fields by number, each sees the other's value as absent",
      });
    } else if (byNumber === undefined) this.#removed(pair, old);
    else if (kindOf(byNumber) === kindOf(old)) {
      this.#note("field-renamed", pair, byNumber, {
        change: `field ${old.name} = ${old.number} is called ${byNumber.name}`,
        breaks:
          "readers of both releases: JSON and MessagePack know fields by name, each sees the other's value as absent",
      });
    } else {
      this.#note("number-reused", pair, byNumber, {
        change: `number ${old.number} of ${old.name} (${kindOf(old)}) was given to ${byNumber.name} (${kindOf(byNumber)})`,
        breaks: "readers of both releases: each decodes the other's bytes as its own field",
      });
    }
  }

  #sameField(pair: Pair, old: Field, now: Field): void {
    this.#presence(pair, old, now);
    if (old.jstype !== now.jstype && typeName(old.type) === typeName(now.type)) {
      this.#note("field-jstype", pair, now, {
        change: `jstype of ${now.name}: ${jstypeOf(old)} became ${jstypeOf(now)}`,
        breaks:
          "readers and writers of both releases: values beyond 2^53 are refused by one of them, and JSON readers that know no contract find text for a number or a number for text",
      });
    }
    if (now.required === true && old.required !== true)
      this.#requiredAdded(pair, now, `field ${now.name} became required`);
    if (old.required === true && now.required !== true && now.presence === "optional") {
      this.#note("required-removed", pair, now, {
        change: `field ${now.name} is not required any more`,
        breaks:
          "old readers: an entry without it is E_MISSING, a miss at every read, and a worker of the old release stops at it",
      });
    }
    this.#types(pair, old, now);
  }

  #presence(pair: Pair, old: Field, now: Field): void {
    if (old.presence === now.presence) return;
    const single = ({ presence }: Field): boolean => presence === "implicit" || presence === "optional";
    if (single(old) && single(now)) {
      this.#note("field-presence", pair, now, {
        change: `field ${now.name} was ${old.presence} and is ${now.presence}`,
        breaks:
          "readers of both releases: what one writes as absent the other reads as its default, and the other way round",
      });
    } else {
      this.#note("field-cardinality", pair, now, {
        change: `field ${now.name} was ${old.presence} and is ${now.presence}`,
        breaks: "readers of both releases: each finds E_TYPE in the other's entries, a miss at every read",
      });
    }
  }

  #types(pair: Pair, old: Field, now: Field): void {
    const path = `${pair.path}${now.name}.`;
    if (isMessage(old.type) && isMessage(now.type)) {
      this.#messages({ old: old.type, new: now.type, path });
    } else if (isEnum(old.type) && isEnum(now.type)) {
      this.#enums(pair, now, old.type, now.type);
    } else if (kindOfType(old.type) !== kindOfType(now.type)) {
      this.#note("field-type", pair, now, {
        change: `field ${now.name} was ${typeName(old.type)} and is ${typeName(now.type)}`,
        breaks: "readers of both releases: each refuses values of the other (E_TYPE, E_RANGE) or takes them for others",
      });
    }
  }

  #removed(pair: Pair, old: Field): void {
    const { current, baseline } = this.#comparison;
    const reserved = current.isReserved(pair.new.message, old.number, old.name);
    const reserve = `reserved ${old.number}; reserved "${old.name}";`;
    if (!this.#isLast) {
      if (reserved || this.#lastHas(pair.old.message, old)) return;
      this.#note("number-reused", pair, undefined, {
        change: `field ${old.name} = ${old.number} was removed earlier, and its name or number is not reserved any more`,
        breaks:
          "readers of both releases, as soon as either is given to another field: entries that hold it are still alive",
        instead: `put back ${reserve}`,
        field: old.name,
      });
      return;
    }
    const deprecated = baseline.isDeprecatedField(pair.old.message, old.number);
    if (reserved && deprecated && old.required !== true) return;
    const missing = [
      ...(deprecated ? [] : ["no release marked it deprecated"]),
      ...(reserved ? [] : ["its number and its name are not both reserved"]),
      ...(old.required === true ? ["it is required"] : []),
    ];
    this.#note("field-removed", pair, undefined, {
      change: `field ${old.name} = ${old.number} is gone, but ${missing.join(", and ")}`,
      breaks:
        old.required === true
          ? "old readers: every entry of this release is E_MISSING, a miss at every read"
          : "old readers: they see its default in every entry of this release",
      instead:
        old.required === true
          ? bump(this.#comparison)
          : `release it as [deprecated = true] and stop to read it, then remove it with ${reserve}`,
      field: old.name,
    });
  }

  /** Whether the last release still had the field: its removal is that comparison's to judge. */
  #lastHas(message: string, field: Field): boolean {
    const last = this.#comparison.timeline.last?.record.schema;
    return last !== undefined && hasField(last, message, field);
  }

  #requiredAdded(pair: Pair, field: Field, change: string): void {
    this.#note("required-added", pair, field, {
      change,
      breaks: "new readers: every entry that was written without it is E_MISSING, and old writers make more of them",
      instead: `leave it optional and let the application judge, or ${bump(this.#comparison)}`,
    });
  }

  #enums(pair: Pair, field: Field, old: EnumType, now: EnumType): void {
    if (old.enum !== now.enum) {
      this.#note("enum-renamed", pair, field, {
        change: `enum ${old.enum} became ${now.enum}`,
        breaks: "programs of both releases: each takes the other's entries for foreign and never writes them back",
      });
    }
    for (const [name, number] of Object.entries(old.values)) this.#enumValue(pair, field, now, name, number);
    if (this.#isLast) this.#addedValues(pair, field, old, now);
  }

  #enumValue(pair: Pair, field: Field, now: EnumType, name: string, number: number): void {
    const found = now.values[name];
    if (found === number) return;
    const [successor] = Object.entries(now.values).find(([, each]) => each === number) ?? [];
    if (found !== undefined) {
      this.#note("enum-value-renumbered", pair, field, {
        change: `${name} of ${now.enum} has number ${found} instead of ${number}`,
        breaks: "readers of both releases: MessagePack and Protobuf hold numbers, each reads another value",
        enumValue: name,
      });
    } else if (successor !== undefined) {
      this.#note("enum-value-renamed", pair, field, {
        change: `${name} = ${number} of ${now.enum} is called ${successor}`,
        breaks: "readers of both releases of JSON: each takes the other's name for unknown, which is the enum's zero",
        enumValue: successor,
      });
    } else {
      this.#note("enum-value-removed", pair, field, {
        change: `${name} = ${number} of ${now.enum} is gone`,
        breaks: "new readers: the value of old entries is unknown to them, in JSON it is read as the enum's zero",
        instead: `keep it with [deprecated = true], or ${bump(this.#comparison)}`,
      });
    }
  }

  #addedValues(pair: Pair, field: Field, old: EnumType, now: EnumType): void {
    const { record } = this.#comparison;
    const codecs = [record, this.#released.record].flatMap((each) => [each.codec, each.announced?.codec]);
    for (const name of Object.keys(now.values)) {
      if (old.values[name] !== undefined || Object.values(old.values).includes(now.values[name] ?? 0)) continue;
      if (!codecs.includes("json")) {
        this.#note("enum-value-added", pair, field, {
          verdict: "warning",
          change: `${name} of ${now.enum} is new`,
          breaks:
            "nobody's decoding, the number is kept; code of the old release meets a number that it has no name for",
          instead: "write it when every program has this release",
          enumValue: name,
        });
      } else if (record.announced?.enum_values?.includes(name) !== true) {
        this.#note("enum-value-added", pair, field, {
          change: `${name} of ${now.enum} is new in JSON`,
          breaks: "old readers: JSON holds its name, which they read as the enum's zero",
          instead: `add announced: { enum_values: "${name}" } to the entry option and write the value no sooner than in the release after, which drops the announcement`,
          enumValue: name,
        });
      }
    }
  }

  #note(
    rule: Rule,
    pair: Pair,
    field: Field | undefined,
    found: {
      readonly verdict?: "warning";
      readonly change: string;
      readonly breaks: string;
      readonly instead?: string;
      readonly field?: string;
      readonly enumValue?: string;
    },
  ): void {
    const { current } = this.#comparison;
    const name = field?.name ?? found.field;
    const path = name === undefined ? pair.path.replace(/\.$/, "") : `${pair.path}${name}`;
    const inEnum = found.enumValue !== undefined && field !== undefined && isEnum(field.type);
    const place = inEnum
      ? current.placeOfEnum(field.type.enum, found.enumValue)
      : field === undefined
        ? current.placeOfMessage(pair.new.message)
        : current.placeOfField(pair.new.message, field.number);
    note(this.#comparison, {
      rule,
      ...(found.verdict === undefined ? {} : { verdict: found.verdict }),
      ...(path === "" ? {} : { field: path }),
      place,
      change: found.change,
      since: since(this.#comparison, this.#released.release),
      breaks: found.breaks,
      instead: found.instead ?? bump(this.#comparison),
    });
  }
}

/** Whether a message with this field stands anywhere in a schema. */
function hasField(type: MessageType, message: string, wanted: Field): boolean {
  if (type.message === message) {
    return type.fields.some(({ name, number }) => name === wanted.name && number === wanted.number);
  }
  return type.fields.some((field) => isMessage(field.type) && hasField(field.type, message, wanted));
}

/** As people read it: `repeated string`. */
function kindOf({ presence, type }: Field): string {
  return presence === "implicit" || presence === "optional" ? typeName(type) : `${presence} ${typeName(type)}`;
}

function kindOfType(type: FieldType): string {
  if (isMessage(type)) return "message";
  return isEnum(type) ? "enum" : type;
}

function typeName(type: FieldType): string {
  if (isMessage(type)) return type.message;
  return isEnum(type) ? type.enum : type;
}

function jstypeOf({ jstype }: Field): string {
  return jstype === "number" ? "JS_NUMBER" : "a string";
}

function isMessage(type: FieldType): type is MessageType {
  return typeof type === "object" && "fields" in type;
}

function isEnum(type: FieldType): type is EnumType {
  return typeof type === "object" && "enum" in type;
}
