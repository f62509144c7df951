import { expect, test } from "vitest";
import { planOf, propertyName } from "../src/schema-plan.ts";
import { entityRecord } from "./fixture.ts";

test.each([
  ["id", "id"],
  ["user_id", "userId"],
  ["a_b_c", "aBC"],
  ["field_1", "field1"],
  ["to_string", "toString"],
  ["trailing_", "trailing"],
  ["two__marks", "twoMarks"],
])("the property of %s is %s", (name, property) => {
  expect(propertyName(name)).toBe(property);
});

test("a plan is built once and knows both orders", () => {
  const { schema } = entityRecord("user");
  const plan = planOf(schema);
  expect(planOf(schema)).toBe(plan);
  expect(plan.fields.map((field) => field.number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(plan.sorted.map((field) => field.name)).toEqual([
    "balance",
    "created_at",
    "email",
    "id",
    "name",
    "preferences",
    "roles",
  ]);
});

test("of two names for one number the first in name order is written", () => {
  const type = { enum: "e", values: { Z_FIRST: 1, A_SECOND: 1 } };
  const plan = planOf({ message: "m", fields: [{ name: "e", number: 1, presence: "implicit", type }] });
  expect(plan.fields[0]?.enumeration?.nameOf.get(1)).toBe("A_SECOND");
  expect(plan.fields[0]?.enumeration?.numberOf.get("Z_FIRST")).toBe(1);
});
