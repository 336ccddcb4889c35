/** What is wrong with a configuration, in words that lead to the character to change. */

/** One mistake, or one warning. Plain data. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units, as editors count. */
  readonly column: number;
  /** `services.dns.checks.web.timeout`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, with the value seen; one printable line. */
  readonly message: string;
  /** What would be right; empty where the message says it. */
  readonly allowed: string;
}

/** Keys and list positions from the top of a file. */
export type Path = readonly (string | number)[];

const VALUE_MAX = 80;

/** Credentials are looked for in this much; a URL may have 2,048 characters. */
const SEARCHED_MAX = 4096;

/** A configuration that cannot be used, with everything that is wrong with it, sorted by position. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "INVALID_CONFIG";
  readonly problems: readonly Problem[];

  constructor(path: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((problem) => `\n  ${formatProblem(problem)}`);
    super(`Cannot use config ${quote(path)}: ${count}${lines.join("")}`);
    this.problems = problems;
  }
}

/** `anyctl.yaml:14:16: services.dns.checks.udp.timeout: 5s is longer than interval 2s; allowed: at most the interval`. */
export function formatProblem({ file, line, column, path, message, allowed }: Problem): string {
  const place = `${escapeControls(file)}:${line}:${column}: ${path === "" ? "" : `${path}: `}`;
  return `${place}${message}${allowed === "" ? "" : `; allowed: ${allowed}`}`;
}

/** `services.dns.prefixes[1]`; keys that are no plain words are quoted. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      const key = /^[\w-]{1,64}$/.test(part) ? part : quote(part);
      return index === 0 ? key : `.${key}`;
    })
    .join("");
}

/** `value` as JSON, printable, at most `VALUE_MAX` characters, without credentials. */
export function quote(value: unknown): string {
  if (value !== null && typeof value === "object") {
    if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
    return Object.keys(value).length === 0 ? "an empty map" : "a map";
  }
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return JSON.stringify(value) ?? "nothing";
  const withoutCredentials = value
    .slice(0, SEARCHED_MAX)
    .replace(/\/\/[^/\s]*@/g, "//***@")
    // What follows the path of a URL may be a token.
    .replace(/^(?<base>[\w+.-]*:?\/\/[^?#]*[?#]).+$/su, "$<base>***");
  const cut = withoutCredentials.slice(0, VALUE_MAX);
  const quoted = escapeControls(JSON.stringify(cut));
  return cut === withoutCredentials && value.length <= SEARCHED_MAX ? quoted : `${quoted}...`;
}

/** Control characters, lone surrogates, and what turns text around, as `\uXXXX`. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
