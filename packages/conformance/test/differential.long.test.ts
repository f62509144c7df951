import { differentialTests } from "./differential.ts";

differentialTests(20_000, { ours: 0.1, random: 0.25 }, 40);
