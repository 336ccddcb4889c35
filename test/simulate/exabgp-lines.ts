/**
 * What a simulated ExaBGP reads: its own parser, which shares nothing with the package that writes the lines. What it
 * cannot parse is outside of the grammar.
 */

/** The words of one change: for whom, what, and with which attributes. */
export interface RouteLine {
  readonly verb: "announce" | "withdraw";
  /** Undefined: all. */
  readonly neighbors: readonly string[] | undefined;
  readonly prefixes: readonly string[];
  /** In one order, lists sorted; equal for equal sets. */
  readonly attributes: string;
}

export type ReadLine =
  | { readonly kind: "comment" | "version" | "summary" | "configuration" | "routes" }
  | { readonly kind: "route"; readonly line: RouteLine }
  | { readonly kind: "malformed" };

const QUESTIONS: Readonly<Record<string, ReadLine>> = {
  "system version": { kind: "version" },
  "show neighbor summary": { kind: "summary" },
  "show neighbor configuration": { kind: "configuration" },
  "show adj-rib out extensive": { kind: "routes" },
};

const MALFORMED: ReadLine = { kind: "malformed" };

const ADDRESS = /^[0-9a-f.:]+$/;
const NETWORK = /^([0-9.]+\/([0-9]|[12][0-9]|3[0-2])|[0-9a-f:]+\/([0-9]{1,2}|1[01][0-9]|12[0-8]))$/;
const NUMBER = /^[0-9]+$/;
const PAIR = /^[0-9]+:[0-9]+$/;
const TRIPLE = /^[0-9]+:[0-9]+:[0-9]+$/;
const EXTENDED = /^(target|origin):[0-9]+:[0-9]+$/;

/** In the order in which a listing has them. */
const SINGLE: Readonly<Record<string, RegExp>> = {
  "next-hop": /^(self|[0-9a-f.:]+)$/,
  origin: /^(igp|egp|incomplete)$/,
  med: NUMBER,
  "local-preference": NUMBER,
};
const LISTS: Readonly<Record<string, RegExp>> = {
  "as-path": NUMBER,
  community: PAIR,
  "large-community": TRIPLE,
  "extended-community": EXTENDED,
};
const ORDER = [...Object.keys(SINGLE), ...Object.keys(LISTS)];

export function readLine(text: string): ReadLine {
  if (/^ ?# ?[0-9a-f-]*$/.test(text)) return { kind: "comment" };
  const question = QUESTIONS[text];
  if (question !== undefined) return question;
  const words = text.split(" ");
  const neighbors: string[] = [];
  while (words[0] === "neighbor") {
    const address = words[1]?.replace(/,$/, "") ?? "";
    if (!ADDRESS.test(address)) return MALFORMED;
    neighbors.push(address);
    words.splice(0, 2);
  }
  const [verb, form] = words.splice(0, 2);
  if (verb !== "announce" && verb !== "withdraw") return MALFORMED;
  const prefixes = form === "route" ? words.splice(0, 1) : [];
  if (form === "attributes") {
    const at = words.indexOf("nlri");
    if (at < 0) return MALFORMED;
    prefixes.push(...words.splice(at).slice(1));
  }
  const attributes = readAttributes(words);
  const isSane = prefixes.length > 0 && prefixes.every((prefix) => NETWORK.test(prefix));
  if (!isSane || attributes === undefined) return MALFORMED;
  const selected = neighbors.length === 0 ? undefined : neighbors;
  return { kind: "route", line: { verb, neighbors: selected, prefixes, attributes } };
}

/** @returns Undefined for what is none. */
export function readAttributes(words: readonly string[]): string | undefined {
  const found = new Map<string, string>();
  for (let at = 0; at < words.length;) {
    const name = words[at] ?? "";
    const single = SINGLE[name];
    const list = LISTS[name];
    const value = words[at + 1] ?? "";
    if (found.has(name)) return undefined;
    if (single !== undefined) {
      if (!single.test(value)) return undefined;
      found.set(name, value);
      at += 2;
    } else if (list !== undefined) {
      const end = words.indexOf("]", at);
      const items = words.slice(at + 2, end);
      if (value !== "[" || end < 0 || items.length === 0) return undefined;
      if (!items.every((item) => list.test(item))) return undefined;
      const kept = name === "as-path" ? items : items.toSorted();
      found.set(
        name,
        kept.length === 1 && name !== "as-path" ? kept.join() : `[ ${kept.join(" ")} ]`,
      );
      at = end + 1;
    } else {
      return undefined;
    }
  }
  if (!found.has("next-hop")) return undefined;
  return ORDER.flatMap((name) => (found.has(name) ? [`${name} ${found.get(name)}`] : [])).join(" ");
}
