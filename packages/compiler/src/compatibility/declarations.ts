import type { DescEnum, DescEnumValue, DescField, DescMessage, FileRegistry } from "@bufbuild/protobuf";

import { lineOf, protoPathOf } from "../source.ts";
import type { Place } from "./finding.ts";

/** What the records do not hold of a contract: where things stand, what is deprecated, what is reserved. */
export class Declarations {
  readonly #registry: FileRegistry;
  readonly #shownPath: (protoPath: string) => string;

  constructor(registry: FileRegistry, shownPath: (protoPath: string) => string) {
    this.#registry = registry;
    this.#shownPath = shownPath;
  }

  placeOfMessage(message: string): Place | undefined {
    return this.#place(this.#registry.getMessage(message));
  }

  /** The field's place, else that of its message. */
  placeOfField(message: string, number: number): Place | undefined {
    return this.#place(this.#field(message, number)) ?? this.placeOfMessage(message);
  }

  /** The value's place, else that of its enum. */
  placeOfEnum(name: string, value?: string): Place | undefined {
    const found = this.#registry.getEnum(name);
    return this.#place(found?.values.find((each) => each.name === value)) ?? this.#place(found);
  }

  isDeprecatedMessage(message: string): boolean {
    return this.#registry.getMessage(message)?.deprecated === true;
  }

  isDeprecatedField(message: string, number: number): boolean {
    return this.#field(message, number)?.deprecated === true;
  }

  /** True when neither the number nor the name can be given to another field. */
  isReserved(message: string, number: number, name: string): boolean {
    const proto = this.#registry.getMessage(message)?.proto;
    if (proto === undefined) return false;
    // In messages, the end of a range is the first number after it.
    return (
      proto.reservedRange.some(({ start, end }) => number >= start && number < end) && proto.reservedName.includes(name)
    );
  }

  #field(message: string, number: number): DescField | undefined {
    return this.#registry.getMessage(message)?.fields.find((field) => field.number === number);
  }

  #place(desc: DescMessage | DescField | DescEnum | DescEnumValue | undefined): Place | undefined {
    return desc === undefined ? undefined : { file: this.#shownPath(protoPathOf(desc)), line: lineOf(desc) };
  }
}
