/** Lines of 6.0's `rib show out`: neighbors and prefixes, without attributes. Read in its code, not seen in a run. */
import { neighborOf, prefixOf } from "./decode-text.ts";
import type { ListedRoute } from "./listed-route.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** Whether `value` has the shape `{ "198.51.100.1": { "routes": [ … ] } }`. */
export function isListedJson(value: unknown): value is Readonly<Record<string, JsonObject>> {
  return (
    isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.values(value).every((one) => isObject(one) && Array.isArray(one["routes"]))
  );
}

/** 6.0 gathers the routes of one turn of its loop line by line: each repeats the ones before. */
export class ListedJsonReader {
  readonly #seen = new Set<string>();

  /** @returns What is new in this line, unicast only; undefined when it cannot be read. */
  read(value: unknown): readonly ListedRoute[] | undefined {
    if (!isListedJson(value)) return undefined;
    const found: ListedRoute[] = [];
    for (const [address, { routes }] of Object.entries(value)) {
      const neighbor = neighborOf(address);
      if (neighbor === undefined || !Array.isArray(routes)) return undefined;
      for (const item of routes) {
        const one = listedIn(item, neighbor);
        if (one === undefined) return undefined;
        if (one !== "other" && !this.#isKnown(one)) found.push(one);
      }
    }
    return found;
  }

  #isKnown({ neighbor, prefix }: ListedRoute): boolean {
    const key = `${neighbor} ${prefix}`;
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }
}

function listedIn(item: unknown, neighbor: string): ListedRoute | "other" | undefined {
  if (!isObject(item)) return undefined;
  if (item["family"] !== "ipv4 unicast" && item["family"] !== "ipv6 unicast") return "other";
  const prefix = prefixOf(item["prefix"]);
  return prefix === undefined
    ? undefined
    : { neighbor, prefix, route: undefined, localAddress: undefined };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
