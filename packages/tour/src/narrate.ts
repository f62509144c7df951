import { styleText } from "node:util";

/** Prints the tour as a person reads it: numbered steps, what was done, what was seen. */
export interface Narrator {
  step(title: string): void;
  /** One thing that was done, with its time. */
  did(what: string, ms?: number): void;
  /** What was seen, indented below what was done. */
  saw(text: string): void;
  note(text: string): void;
}

export function createNarrator(write: (text: string) => void): Narrator {
  let steps = 0;
  return {
    step(title) {
      steps += 1;
      write(`\n${styleText("bold", `${steps}. ${title}`)}\n`);
    },
    did(what, ms) {
      write(`   ${what}${ms === undefined ? "" : styleText("dim", `  ${ms.toFixed(1)} ms`)}\n`);
    },
    saw(text) {
      for (const line of text.split("\n")) write(`      ${styleText("cyan", line)}\n`);
    },
    note(text) {
      write(`   ${styleText("yellow", text)}\n`);
    },
  };
}
