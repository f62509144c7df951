import { readFileSync } from "node:fs";

/** The README's two examples, as programs: each reads `REDIS_URL` and ends by itself. */
export interface ReadmeExamples {
  readonly typescript: string;
  readonly python: string;
}

/** Takes the first `ts` and the first `python` block out of the README: what a reader copies is what runs. */
export function readmeExamples(readme: string | URL): ReadmeExamples {
  const text = readFileSync(readme, "utf8");
  const block = (language: string): string => {
    const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`the README has no ${language} block`);
    return found;
  };
  return { typescript: block("ts"), python: block("python") };
}

/** What both examples print, in this order: a load, the value, a hit, the new value. */
export const README_OUTPUT = "loading 42\nAda\nAda\nAda Lovelace\n";
