/** What an `http` check expects of an answer: its status and its body. */

/** A body written as `/…/` or `/…/i`. The slash may appear inside: the last one ends it. */
const PATTERN = /^\/(?<source>.+)\/(?<flags>i?)$/s;

/** Looks like a regular expression with flags that are not offered; `/usr/lib` does not. */
const FOREIGN_FLAGS = /^\/.+\/[dgimsuvy]+$/s;

/**
 * `(a+)+`: a repeated group of nothing but one thing repeated. A run of n can be split in 2^(n-1) ways, which
 * are all tried where what follows does not match; a single repetition says the same.
 */
const REPEATED_REPETITION =
  /\((?:\?:|\?<\w+>)?[^()[\]{}|^$*+?](?:[*+]|\{\d+,\})\??\)(?:[*+]|\{\d+,\})/;

/** An escape or a class: one thing, whatever characters it is written with. */
const ESCAPE_OR_CLASS = /\\.|\[(?:\\.|[^\]\\])*\]/gs;

const LAST_LINE_END = /\r?\n$/;

/** `200-299`; both ends are included. */
const RANGE = /^(?<first>[1-5]\d\d)-(?<last>[1-5]\d\d)$/;

/** Inclusive on both ends. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

/** Whether a body is the expected one. */
export type BodyTest = (body: string) => boolean;

/** @returns Undefined if `text` is neither a status from 100 to 599 nor a range of them. */
export function parseStatus(text: string | number): StatusRange | undefined {
  if (typeof text === "number") return { first: text, last: text };
  const groups = RANGE.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const range = { first: Number(groups["first"]), last: Number(groups["last"]) };
  return range.first <= range.last ? range : undefined;
}

/**
 * Plain text passes when the body contains it, `/…/` when the body matches, as it is or without the line end at its
 * end: programs write one, and `$` would else mean something else than in grep and Perl.
 *
 * @throws {SyntaxError} If the regular expression cannot be compiled, has a flag other than `i`, or is one of
 *   those that take minutes, as far as that is easily seen.
 */
export function parseBodyTest(expected: string): BodyTest {
  const groups = PATTERN.exec(expected)?.groups;
  if (groups !== undefined) {
    const { source = "", flags } = groups;
    const pattern = new RegExp(source, flags);
    if (REPEATED_REPETITION.test(source.replaceAll(ESCAPE_OR_CLASS, "a"))) {
      throw new SyntaxError(
        "a repetition of nothing but a repetition, as in (a+)+, can take minutes",
      );
    }
    return (body) => {
      if (pattern.test(body)) return true;
      const end = LAST_LINE_END.exec(body);
      return end !== null && pattern.test(body.slice(0, end.index));
    };
  }
  if (FOREIGN_FLAGS.test(expected)) throw new SyntaxError("only the flag i is known");
  return (body) => body.includes(expected);
}

/** @returns What is wrong with `expected`, or undefined if `parseBodyTest` accepts it. */
export function mistakeInBodyTest(expected: string): string | undefined {
  try {
    parseBodyTest(expected);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `must be text, /regex/ or /regex/i: ${why}`;
  }
}
