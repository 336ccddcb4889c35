/** Everything that may ever be written to ExaBGP, as one closed grammar. */
import type { Dialect } from "./dialect.ts";
import { BULK_PREFIXES_MAX } from "./turns.ts";

/** Asked first: harmless on every version, and its answer tells the dialect. Answered at once, ahead of queued routes. */
export const VERSION_QUESTION = "system version";

/** Answered in order with routes, with a text that can be told from any other answer. */
export const BARRIER_QUESTIONS: Readonly<Record<Dialect, string>> = {
  4: "show neighbor summary",
  5: "show neighbor summary",
  6: "peer show summary",
};

/** Answered in order with routes: what ExaBGP holds, one line for each neighbor and route. */
export const ROUTES_QUESTIONS: Readonly<Record<Dialect, string>> = {
  4: "show adj-rib out extensive",
  5: "show adj-rib out extensive",
  6: "rib show out",
};

/** Answered in order with routes: the configuration of each neighbor, passwords included. 6.0 was not seen to answer. */
export const NEIGHBORS_QUESTIONS: Readonly<Record<Dialect, string | undefined>> = {
  4: "show neighbor configuration",
  5: "show neighbor configuration",
  6: undefined,
};

/** Digits of hexadecimal and dashes: no name of a command can be spelt with them. */
const NONCE = "[0-9a-f][0-9a-f-]{0,63}";
const ADDRESS = "[0-9a-f:.]{2,39}";
const NUMBER = "(?:0|[1-9][0-9]{0,9})";

/** `flush adj-rib out` is none of them: without an established session it ends 4.2. */
const FIXED: ReadonlySet<string | undefined> = new Set([
  VERSION_QUESTION,
  ...Object.values(BARRIER_QUESTIONS),
  ...Object.values(ROUTES_QUESTIONS),
  ...Object.values(NEIGHBORS_QUESTIONS),
]);
const COMMENT = new RegExp(`^ # ${NONCE}$`);
const PREFIX = `${ADDRESS}/[0-9]{1,3}`;
const NEIGHBORS = `neighbor ${ADDRESS}(?:, neighbor ${ADDRESS}){0,63} `;
const VERB = "(?:announce|withdraw)";
const ATTRIBUTES = [
  `next-hop (?:self|${ADDRESS})`,
  "(?: origin (?:igp|egp|incomplete))?",
  `(?: as-path \\[ (?:${NUMBER} ){1,255}\\])?`,
  `(?: med ${NUMBER})?`,
  `(?: local-preference ${NUMBER})?`,
  `(?: community \\[ (?:${NUMBER}:${NUMBER} ){1,128}\\])?`,
  `(?: large-community \\[ (?:${NUMBER}:${NUMBER}:${NUMBER} ){1,64}\\])?`,
  `(?: extended-community \\[ (?:(?:(?:target|origin):${NUMBER}:${NUMBER}|0x[0-9a-f]{16}) ){1,64}\\])?`,
].join("");
const ROUTE = new RegExp(`^(?:peer \\* |${NEIGHBORS})?${VERB} route ${PREFIX} ${ATTRIBUTES}$`);
/** Prefixes of one family with the same attributes: 4.2 and 5.0 know it. */
const BULK = new RegExp(
  `^(?:${NEIGHBORS})?${VERB} attributes ${ATTRIBUTES} nlri ${PREFIX}(?: ${PREFIX}){1,${BULK_PREFIXES_MAX - 1}}$`,
);

/** ExaBGP takes lines up to 1 MiB; the longest route stays far below this. */
export const COMMAND_LENGTH_MAX = 16_384;

/**
 * The first bytes of a new process. ExaBGP 4.2 glues what a killed predecessor left of its last line to
 * them and executes the result, unless a comment follows: `# ` makes any half line invalid.
 *
 * @throws {RangeError} If `nonce` is not made of lower-case hexadecimal digits and dashes, at most 64.
 */
export function greeting(nonce: string): string {
  const line = ` # ${nonce}`;
  if (!COMMENT.test(line)) {
    throw new RangeError(
      "Cannot use nonce: it must be 1 to 64 lower-case hexadecimal digits and dashes",
    );
  }
  return line;
}

/** Whether `line` (without newline) is one that this package may write. */
export function isCommandLine(line: string): boolean {
  if (line.length > COMMAND_LENGTH_MAX) return false;
  return FIXED.has(line) || COMMENT.test(line) || ROUTE.test(line) || BULK.test(line);
}
