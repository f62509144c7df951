import { differentialTests } from "./differential.ts";

differentialTests(200, { ours: 0.25, random: 0.5 }, 6);
