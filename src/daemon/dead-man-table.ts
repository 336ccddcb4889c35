/**
 * What the dead-man's switch would withdraw: kept in its own thread from what the main thread posts. Plain strings,
 * because ten thousand objects take the main thread 30 ms to hand over.
 */
import type { DeadManMessage } from "./dead-man-message.ts";

/** Of a bulk line: as many as the bridge writes on one. */
const BULK_PREFIXES_MAX = 12;

/** So many have a line each: ExaBGP refuses a bulk line for one of its prefixes, and nobody will write it anew. */
const SINGLE_MAX = 32;

/** One prefix that ExaBGP may hold. */
interface Told {
  /** Words that select neighbors, `neighbor 192.0.2.1, neighbor 192.0.2.2`; none: all. */
  neighbors: ReadonlySet<string>;
  /** Exactly as last announced. */
  attributes: string;
  /** By this process, so that nobody knows its attributes better. */
  isWritten: boolean;
}

interface Planned {
  readonly isKept: boolean;
  readonly services: readonly string[];
}

/** A line for ExaBGP and what it withdraws. */
export interface Withdrawal {
  readonly line: string;
  readonly prefixes: readonly string[];
}

const ALL: ReadonlySet<string> = new Set();
const ONE = /^(.*?)(?:announce|withdraw) route (\S+) (.+)$/;
const BULK = /^(.*?)(?:announce|withdraw) attributes (.+) nlri (.+)$/;

export class DeadManTable {
  readonly #told = new Map<string, Told>();
  readonly #plan = new Map<string, Planned>();
  #isBulk = true;

  take({ kind, text }: DeadManMessage): void {
    switch (kind) {
      case "written":
        this.#takeLine(text, true);
        return;
      case "held":
        for (const line of text.split("\n")) this.#takeLine(line, false);
        return;
      case "gone":
        for (const prefix of text.split(" ")) this.#told.delete(prefix);
        return;
      case "plan":
        this.#plan.clear();
        for (const entry of text.split("\n")) this.#takePlanned(entry.split(" "));
        return;
      case "dialect":
        this.#isBulk = text !== "6";
        return;
      case "barrier":
        return;
    }
  }

  /** Small groups first: a service of two prefixes does not wait for one of ten thousand. */
  withdrawals(): Withdrawal[] {
    const groups = new Map<string, string[]>();
    for (const [prefix, { neighbors, attributes }] of this.#told) {
      if (this.#plan.get(prefix)?.isKept !== false) continue;
      const family = prefix.includes(":") ? 6 : 4;
      const key = `${family}\n${[...neighbors].join(", ")}\n${attributes}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [prefix]);
      else group.push(prefix);
    }
    return [...groups]
      .toSorted(([, a], [, b]) => a.length - b.length)
      .flatMap(([key, prefixes]) => this.#linesOf(key, prefixes));
  }

  servicesOf(prefix: string): readonly string[] {
    return this.#plan.get(prefix)?.services ?? [];
  }

  #linesOf(key: string, prefixes: readonly string[]): Withdrawal[] {
    const [, neighbors = "", attributes = ""] = key.split("\n");
    const start = `${neighbors === "" ? "" : `${neighbors} `}withdraw`;
    if (!this.#isBulk || prefixes.length <= SINGLE_MAX) {
      return prefixes.map((prefix) => ({
        line: `${start} route ${prefix} ${attributes}`,
        prefixes: [prefix],
      }));
    }
    return chunksOf(prefixes).map((chunk) => ({
      line:
        chunk.length === 1
          ? `${start} route ${chunk[0]} ${attributes}`
          : `${start} attributes ${attributes} nlri ${chunk.join(" ")}`,
      prefixes: chunk,
    }));
  }

  #takeLine(line: string, isWritten: boolean): void {
    const bulk = BULK.exec(line);
    const [, neighbors = "", one = "", rest = ""] = bulk ?? ONE.exec(line) ?? [];
    const [attributes, prefixes] = bulk ? [one, rest.split(" ")] : [rest, [one]];
    if (attributes === "") return;
    const selected = new Set(neighbors.trim().split(", ").filter(Boolean));
    for (const prefix of prefixes) {
      const before = this.#told.get(prefix);
      if (isWritten) {
        this.#told.set(prefix, {
          neighbors: before === undefined ? selected : both(before.neighbors, selected),
          attributes,
          isWritten,
        });
      } else {
        // What is held is what was last written, or what an earlier life left.
        const known = before?.isWritten === true ? before : { attributes, isWritten };
        this.#told.set(prefix, { ...known, neighbors: selected });
      }
    }
  }

  #takePlanned([word, prefix, services = ""]: readonly string[]): void {
    if (prefix === undefined) return;
    this.#plan.set(prefix, { isKept: word === "keep", services: services.split(",") });
  }
}

/** An announcement to some neighbors takes it from no others. */
function both(some: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> {
  return some.size === 0 || others.size === 0 ? ALL : new Set([...some, ...others]);
}

function chunksOf(prefixes: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let at = 0; at < prefixes.length; at += BULK_PREFIXES_MAX) {
    chunks.push(prefixes.slice(at, at + BULK_PREFIXES_MAX));
  }
  return chunks;
}
