import type { Field } from "@cachepact/wire";

interface IntegerType {
  /** Its name in `cachepact.generated`. */
  readonly name: string;
  readonly low: string;
  readonly high: string;
}

const INT32: IntegerType = { name: "Int32", low: "-2147483648", high: "2147483647" };
const INT64: IntegerType = { name: "Int64", low: "-9223372036854775808", high: "9223372036854775807" };
const SAFE_INT: IntegerType = { name: "SafeInt", low: "-9007199254740991", high: "9007199254740991" };
const SAFE_UINT: IntegerType = { name: "SafeUint", low: "0", high: "9007199254740991" };
const UINT32: IntegerType = { name: "Uint32", low: "0", high: "4294967295" };
const UINT64: IntegerType = { name: "Uint64", low: "0", high: "18446744073709551615" };

/** The Python type and the range of an integer field; an enum's is that of int32. */
export function integerType(field: Field): IntegerType {
  const isSafe = field.jstype === "number";
  switch (field.type) {
    case "uint32":
      return UINT32;
    case "uint64":
      return isSafe ? SAFE_UINT : UINT64;
    case "int64":
    case "sint64":
      return isSafe ? SAFE_INT : INT64;
    default:
      return INT32;
  }
}
