/** Lines of `show adj-rib out extensive`, as ExaBGP 4.2.21, 4.2.25 and 5.0.15 write them. */
import { parseAddress } from "./address.ts";
import { neighborOf, prefixOf } from "./decode-text.ts";
import type { Dialect } from "./dialect.ts";
import type { ListedRoute } from "./listed-route.ts";
import { RouteError } from "./route-error.ts";
import { readRoute } from "./route.ts";
import type { Route } from "./route.ts";

/** `neighbor 198.51.100.1 local-ip 198.51.100.2 local-as … family-allowed in-open ipv4 unicast 192.0.2.0/24 next-hop …`. */
const LINE =
  /^(neighbor (\S{2,45}) local-ip (\S{2,45}) local-as \S{1,10} peer-as \S{1,10} router-id \S{2,45}) family-allowed \S+ (\S+ \S+)(?: (\S+))?(.*)$/;

/** Words that ExaBGP prints for numbers that were announced (RFC 1997, RFC 3765, RFC 7999). */
const COMMUNITY_NAMES: ReadonlyMap<string, string> = new Map([
  ["no-export", "65535:65281"],
  ["no-advertise", "65535:65282"],
  ["no-export-subconfed", "65535:65283"],
  ["no-peer", "65535:65284"],
  ["blackhole", "65535:666"],
]);

/** Routes differ in few sets of attributes; a listing in which none is like another must not take the memory. */
const CACHED_MAX = 1024;

type Ends = Pick<ListedRoute, "neighbor" | "localAddress">;

/** Whether `text` is a line of a listing of routes: no other answer and no event begins like it. */
export function isListedText(text: string): boolean {
  return text.startsWith("neighbor ") && text.includes(" local-ip ");
}

/** Reads the lines of one listing; those with the same attributes share them. */
export class ListedTextReader {
  readonly #asPathBrackets: readonly [string, string];
  readonly #known = new Map<string, Route | undefined>();
  readonly #ends = new Map<string, Ends>();

  /** 5.0 writes a sequence of ASs in parentheses, and a set in the brackets in which 4.2 writes a sequence. */
  constructor(dialect: Dialect) {
    this.#asPathBrackets = dialect === 4 ? ["[", "]"] : ["(", ")"];
  }

  /** @returns Empty for families other than unicast; undefined when the line cannot be read. */
  read(text: string): readonly ListedRoute[] | undefined {
    const [, head = "", peer, local, family, network, attributes = ""] = LINE.exec(text) ?? [];
    const ends = this.#ends.get(head) ?? this.#endsOf(head, peer, local);
    if (ends === undefined) return undefined;
    if (family !== "ipv4 unicast" && family !== "ipv6 unicast") return [];
    const prefix = prefixOf(network);
    if (prefix === undefined || prefix.includes(":") !== (family === "ipv6 unicast")) {
      return undefined;
    }
    const route = this.#routeOf(prefix, `${family}${attributes}`, attributes);
    return [{ ...ends, prefix, route }];
  }

  #endsOf(head: string, peer: string | undefined, local: string | undefined): Ends | undefined {
    const neighbor = neighborOf(peer);
    if (neighbor === undefined) return undefined;
    // `auto` before the first session.
    const ends = { neighbor, localAddress: neighborOf(local) };
    if (this.#ends.size < CACHED_MAX) this.#ends.set(head, ends);
    return ends;
  }

  #routeOf(prefix: string, key: string, attributes: string): Route | undefined {
    const known = this.#known.get(key);
    if (known !== undefined) return { ...known, prefix };
    if (this.#known.has(key)) return undefined;
    const route = this.#parse(prefix, attributes);
    if (this.#known.size < CACHED_MAX) this.#known.set(key, route);
    return route;
  }

  #parse(prefix: string, attributes: string): Route | undefined {
    const found: Record<string, unknown> = { prefix };
    const words = attributes.split(" ").slice(1);
    while (words.length > 0) {
      const [key, value] = this.#next(words) ?? [];
      // Twice the same is nothing that a route can say.
      if (key === undefined || value === undefined || found[key] !== undefined) return undefined;
      found[key] = value;
    }
    try {
      return readRoute(found);
    } catch (error) {
      if (error instanceof RouteError) return undefined;
      throw error;
    }
  }

  /** Takes one attribute off `words`. @returns undefined for one that a `Route` does not have. */
  #next(words: string[]): readonly [keyof Route, unknown] | undefined {
    const word = words.shift();
    switch (word) {
      case "next-hop":
        return ["nextHop", words.shift()];
      case "origin":
        return ["origin", words.shift()];
      case "med":
        return ["med", numberOf(words.shift())];
      case "local-preference":
        return ["localPreference", numberOf(words.shift())];
      case "as-path": {
        const path = bracketed(words, ...this.#asPathBrackets)?.map(numberOf);
        // One that was announced empty is another thing than none.
        return path === undefined || path.length === 0 ? undefined : ["asPath", path];
      }
      case "community":
        return ["communities", listOf(words)?.map((one) => COMMUNITY_NAMES.get(one) ?? one)];
      case "large-community":
        return ["largeCommunities", listOf(words)];
      case "extended-community":
        return ["extendedCommunities", listOf(words)?.map(extendedOf)];
      case undefined:
      default:
        return undefined;
    }
  }
}

function numberOf(word: string | undefined): number | undefined {
  return word !== undefined && /^[0-9]{1,10}$/.test(word) ? Number(word) : undefined;
}

/** A list of one stands without brackets. */
function listOf(words: string[]): string[] | undefined {
  if (words[0] === "[") return bracketed(words, "[", "]");
  const only = words.shift();
  return only === undefined ? undefined : [only];
}

function bracketed(words: string[], open: string, close: string): string[] | undefined {
  const end = words.indexOf(close);
  if (words[0] !== open || end < 0) return undefined;
  return words.splice(0, end + 1).slice(1, -1);
}

/**
 * `target:64496:7`, `target:192.0.2.1:7`, `target:4200000000L:7` (5.0 leaves the `L` out); `origin:64496:0.0.0.7` for
 * the number 7, `origin:7:192.0.2.1` for the address 192.0.2.1, `origin:4200000000L:7`.
 */
function extendedOf(word: string): string | undefined {
  const [kind = "", first = "", second = ""] = word.split(":");
  if (word.split(":").length !== 3) return undefined;
  // With this type, a small AS number is nothing that a route can say.
  const isLong = first.endsWith("L");
  const administrator = isLong ? first.slice(0, -1) : first;
  if (isLong && Number(administrator) <= 0xffff) return undefined;
  const dotted = kind === "origin" ? parseAddress(second) : undefined;
  return `${kind}:${administrator}:${dotted?.bits ?? second}`;
}
