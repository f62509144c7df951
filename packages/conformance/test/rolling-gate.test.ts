import { expect, test, vi } from "vitest";
import { passGate, type Step } from "../src/rolling/gate.ts";
import { BUMP } from "./rolling-scenarios.ts";

// Each step runs buf three times, beside whatever else the machine does.
vi.setConfig({ testTimeout: 240_000 });

const step = (release: keyof typeof BUMP): Step => ({ release, options: BUMP[release] });

test("the gate lets through what may run together: an additive change", async () => {
  const found = await passGate([
    { release: "n", options: {} },
    { release: "n1", options: { more: true } },
  ]);
  expect(found).toEqual([[], []]);
});

test("the gate lets through each release of a bump in its order, and nothing that skips one", async () => {
  const [before, unbumped, skipped, announce, switched, early, drained, retire] = await passGate([
    step("before"),
    { release: "unbumped", options: { ...BUMP.before, amount: "string" } },
    step("switch"),
    step("announce"),
    step("switch"),
    step("retire"),
    { release: "drained", options: BUMP.switch, drained: ["draft@2"] },
    step("retire"),
  ]);
  expect({ before, announce, switched, drained, retire }).toEqual({
    before: [],
    announce: [],
    switched: [],
    drained: [],
    retire: [],
  });
  expect(unbumped?.filter((refused) => refused.startsWith("field-type"))).toHaveLength(4);
  expect(skipped?.filter((refused) => refused.startsWith("switch-unannounced"))).toEqual([
    "switch-unannounced cart",
    "switch-unannounced draft",
    "switch-unannounced note",
    "switch-unannounced order",
  ]);
  expect(early).toEqual(["drain-missing draft"]);
});
