import type fc from "fast-check";
import type { Request } from "../protocol.ts";
import { line } from "./fixture-line.ts";
import { askEveryone, discord, type Respondent, verdict } from "./respondents.ts";
import { stableJson } from "./stable-json.ts";
import type { Trial } from "./trial.ts";

/** A trial of requests whose whole reply must be the same in every language. */
export function sameReplyTrial(
  name: string,
  respondents: readonly Respondent[],
  input: fc.Arbitrary<Request>,
  kind: string,
): Trial<Request> {
  return {
    name,
    input,
    async examine(inputs) {
      const answers = await askEveryone(respondents, inputs);
      return answers.map((all) =>
        discord(
          name,
          all.map(({ by, reply }) => [by, verdict(reply, stableJson)]),
        ),
      );
    },
    async fixture(request, seed) {
      const [reply] = (await respondents[0]?.askAll([request])) ?? [];
      return line({ kind, name: `differential/${seed}`, why: "found by the differential test", ...request, reply });
    },
  };
}
