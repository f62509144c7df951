import { stripVTControlCharacters } from "node:util";

/** A line of `turbo run dev` as a person who waits for the start wants to see it. */
export interface Announcement {
  readonly text: string;
  /** The service that has ended, and that nobody starts again. */
  readonly ended?: string;
}

/** What a line says of the start: servers, migrations, seed, and what a service complains about. Undefined = nothing. */
export function announcement(line: string): Announcement | undefined {
  const [, name = "", task, text = ""] =
    /^@cachepact\/([\w-]+):(\w+): (.*)$/.exec(stripVTControlCharacters(line)) ?? [];
  switch (task) {
    case "up":
    case "migrate":
    case "seed":
      return /^(\$|cache )/.test(text) ? undefined : { text };
    case "dev": {
      // Of Node's watch mode: it waits for a change of a file now.
      if (text.startsWith("Failed running")) return { text: `${name} has ended`, ended: name };
      const said = complaint(name, text);
      return said === undefined ? undefined : { text: said };
    }
    default:
      return undefined;
  }
}

function complaint(name: string, text: string): string | undefined {
  if (text.startsWith("{")) return complaintOfJson(name, text);
  // A problem of the environment has a line of its own, below the one with the name.
  if (text.startsWith(`${name}: `) || /^ {2}[A-Z_]+ /.test(text)) return text;
  return /\b(WARN|ERROR|FATAL):|\[(warning|error) *\]/.test(text) ? `${name}: ${text}` : undefined;
}

function complaintOfJson(name: string, text: string): string | undefined {
  // Written by our own services.
  let line: {
    readonly level?: number | string;
    readonly msg?: string;
    readonly reason?: string;
    readonly error?: string;
  };
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { level, msg = "", reason, error } = line;
  if (!(typeof level === "number" ? level >= 40 : level === "warning" || level === "error")) return undefined;
  const why = reason ?? error;
  return `${name}: ${msg}${why === undefined ? "" : ` (${why})`}`;
}
