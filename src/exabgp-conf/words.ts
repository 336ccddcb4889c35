/** The text of an exabgp.conf as words and signs, each with its line: ExaBGP's tokeniser (configuration/core/format.py). */
import { ExabgpConfError } from "./conf-error.ts";

/** What a statement is made of. `[`, `]`, `,` and `(`, `)` only group, and are left out. */
export interface Word {
  readonly type: "word";
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** Between quotes: ExaBGP takes an apostrophe in `run` for one, too. */
  readonly isQuoted: boolean;
}

/** What ends a statement, begins a block, ends it; and the end of a line. */
export interface Sign {
  readonly type: ";" | "{" | "}" | "\n";
  readonly line: number;
}

/** The largest real ones have thousands of static routes. */
export const TEXT_MAX_CHARS = 4 * 1024 * 1024;

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** One sign, one quoted text, one bare word, the end of a line, or what is skipped: a comment, space, grouping. */
const PIECE =
  /(?<sign>[;{}])|(?<quote>["'])|(?<comment>#[^\n]*)|(?<joined>\\\n)|(?<newline>\n)|(?<space>[ \t\r[\](),]+)|(?<bare>(?:\\[^\n]|[^\s;{}"'#[\](),\\])+)|(?<odd>[\s\S])/y;

/** @throws {ExabgpConfError} For what is no text, too much of it, or a quote without its end. */
export function* wordsOf(text: string): Generator<Word | Sign> {
  if (text.length > TEXT_MAX_CHARS) {
    throw new ExabgpConfError(1, `has more than ${TEXT_MAX_CHARS} characters`);
  }
  const control = /[^\P{Cc}\t\n\r]|\ufffd/u.exec(text);
  if (control !== null) {
    throw new ExabgpConfError(lineAt(text, control.index), "is no text: it has control characters");
  }
  let line = 1;
  PIECE.lastIndex = 0;
  for (let at = 0; at < text.length;) {
    PIECE.lastIndex = at;
    const groups = PIECE.exec(text)?.groups ?? {};
    const { sign, quote, joined, newline, bare } = groups;
    at = PIECE.lastIndex;
    if (sign === ";" || sign === "{" || sign === "}") yield { type: sign, line };
    if (newline !== undefined) yield { type: "\n", line };
    // A backslash at its end joins a line to the next.
    if (newline !== undefined || joined !== undefined) line += 1;
    if (bare !== undefined) yield { type: "word", text: unescape(bare), line, isQuoted: false };
    if (quote === undefined) continue;
    const quoted = quotedFrom(text, at, quote);
    if (quoted === undefined) throw new ExabgpConfError(line, "has a quote without its end");
    yield { type: "word", text: unescape(quoted), line, isQuoted: true };
    at += quoted.length + 1;
  }
}

/** ExaBGP reads line by line: a quote ends on its own. */
function quotedFrom(text: string, start: number, quote: string): string | undefined {
  for (let at = start; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return text.slice(start, at);
  }
  return undefined;
}

function unescape(text: string): string {
  return text.replaceAll(/\\(?:u(?<code>[\da-fA-F]{4})|(?<one>[\s\S]))/g, (...match) => {
    const { code, one = "" }: { code?: string; one?: string } = match.at(-1);
    return code === undefined
      ? (ESCAPES[one] ?? one)
      : String.fromCodePoint(Number.parseInt(code, 16));
  });
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
