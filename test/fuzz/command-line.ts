/** What a line for ExaBGP says, read anew: the tests of a grammar must not use the grammar. */

export interface Told {
  readonly verb: "announce" | "withdraw";
  readonly prefixes: readonly string[];
  /** Of the routes. */
  readonly attributes: string;
}

/** Words besides numbers and addresses. */
const WORDS = new Set(
  "neighbor announce withdraw route attributes nlri next-hop self origin igp egp incomplete as-path med local-preference community large-community extended-community [ ]".split(
    " ",
  ),
);
const VALUE =
  /^(?:[0-9a-f:.]{1,39}(?:\/[0-9]{1,3})?|0x[0-9a-f]{16}|(?:target|origin):[0-9.]+:[0-9]+)$/;
const QUESTIONS = new Set([
  "system version",
  "show neighbor summary",
  "show adj-rib out extensive",
  "show neighbor configuration",
  "peer show summary",
  "rib show out",
]);

/**
 * @returns undefined for a question or a comment.
 * @throws {Error} If ExaBGP should never see it.
 */
export function toldBy(line: string): Told | undefined {
  if (QUESTIONS.has(line) || /^ # [0-9a-f-]+$/.test(line)) return undefined;
  const text = line.startsWith("peer * ") ? line.slice(7) : line;
  for (const word of text.split(/,? /)) {
    if (!WORDS.has(word) && !VALUE.test(word)) {
      throw new Error(
        `ExaBGP would be told ${JSON.stringify(word.slice(0, 100))}: ${JSON.stringify(line.slice(0, 300))}`,
      );
    }
  }
  const plain = text.replaceAll(", ", " ");
  const one =
    /^(?:neighbor [^ ]+ )*(?<verb>announce|withdraw) route (?<prefixes>[^ ]+) (?<attributes>.+)$/.exec(
      plain,
    );
  const bulk =
    /^(?:neighbor [^ ]+ )*(?<verb>announce|withdraw) attributes (?<attributes>.+) nlri (?<prefixes>.+)$/.exec(
      plain,
    );
  const { verb, prefixes = "", attributes = "" } = (one ?? bulk)?.groups ?? {};
  if (verb !== "announce" && verb !== "withdraw") throw new Error(`No command: ${line}`);
  return { verb, prefixes: prefixes.split(" "), attributes };
}
