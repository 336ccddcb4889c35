/** The routes that the bridge speaks about: IPv4 and IPv6 unicast, in a closed grammar. */
import { formatAddress, formatPrefix, isMulticast, parseAddress, parsePrefix } from "./address.ts";
import type { Prefix } from "./address.ts";
import { normalizeCommunities, normalizeExtended, normalizeLarge } from "./communities.ts";
import { RouteError } from "./route-error.ts";

/** A prefix and its attributes. An absent list and an empty one mean the same. */
export interface Route {
  /** `192.0.2.0/24` or `2001:db8::/48`, without host bits, not multicast. */
  readonly prefix: string;
  /** `self`, or a unicast address of the same family as `prefix`. */
  readonly nextHop: string;
  readonly origin?: Origin;
  /** Nearest AS first, 1 to 4294967295 each. ExaBGP sends it verbatim: on eBGP it must begin with the local AS. */
  readonly asPath?: readonly number[];
  /** 0 to 4294967295. */
  readonly med?: number;
  /** 0 to 4294967295. ExaBGP does not send it on eBGP (RFC 4271 5.1.5). */
  readonly localPreference?: number;
  /** `65535:0`, two 16-bit numbers (RFC 1997). ExaBGP's names for them are refused. */
  readonly communities?: readonly string[];
  /** `64496:1:2`, three 32-bit numbers (RFC 8092). */
  readonly largeCommunities?: readonly string[];
  /** `target:64496:7`, `origin:4200000000:7`, `target:192.0.2.1:7` (RFC 4360, RFC 5668). */
  readonly extendedCommunities?: readonly string[];
  /** Addresses of the neighbors that get it, as ExaBGP's configuration has them; absent: all of this process. */
  readonly neighbors?: readonly string[];
}

/** RFC 4271 5.1.1. */
export type Origin = "igp" | "egp" | "incomplete";

/** More than one process of ExaBGP serves well; so many selectors make a line 3 KiB longer. */
export const NEIGHBORS_MAX = 64;

/** One AS_PATH segment counts its members in one octet (RFC 4271 4.3). */
export const AS_PATH_MAX = 255;

const UINT32_MAX = 0xffff_ffff;
const ORIGINS: readonly Origin[] = ["igp", "egp", "incomplete"];
const KEYS: ReadonlySet<PropertyKey> = new Set<keyof Route>([
  "prefix",
  "nextHop",
  "origin",
  "asPath",
  "med",
  "localPreference",
  "communities",
  "largeCommunities",
  "extendedCommunities",
  "neighbors",
]);

/**
 * The one canonical form of `route`: canonical addresses, lists of communities sorted and without
 * repetition, empty lists left out, keys in a fixed order. Every value is read once, so an object
 * that changes between two reads cannot slip through.
 *
 * @throws {RouteError} If anything in it is outside the closed grammar, a key is unknown, or reading it throws.
 */
export function normalizeRoute(route: Route): Route {
  const known = NORMALIZED.get(route);
  if (known !== undefined) return known;
  const normal = freezeRoute(readRoute(route));
  NORMALIZED.set(normal, normal);
  if (isFrozen(route)) NORMALIZED.set(route, normal);
  return normal;
}

/** What cannot change any more is looked at once: ten thousand routes take 50 ms, each time that they are announced. */
const NORMALIZED = new WeakMap<object, Route>();

function isFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozen);
}

function freezeRoute(route: Route): Route {
  for (const value of Object.values(route)) Object.freeze(value);
  return Object.freeze(route);
}

/** As `normalizeRoute`, of anything. @throws {RouteError} */
export function readRoute(anything: unknown): Route {
  const found = ownValues(anything);
  const prefix = prefixOf(found.get("prefix"));
  return {
    prefix: formatPrefix(prefix),
    nextHop: nextHopOf(found.get("nextHop"), prefix),
    ...optional("origin", found, originOf),
    ...optional("asPath", found, asPathOf),
    ...optional("med", found, (value) => integerOf("med", value, 0)),
    ...optional("localPreference", found, (value) => integerOf("localPreference", value, 0)),
    ...optional("communities", found, normalizeCommunities),
    ...optional("largeCommunities", found, normalizeLarge),
    ...optional("extendedCommunities", found, normalizeExtended),
    ...optional("neighbors", found, neighborsOf),
  };
}

/**
 * Whether both mean the same to ExaBGP: the text form of addresses and the order of communities do not matter.
 *
 * @throws {RouteError} If either is not a route.
 */
export function routesEqual(left: Route, right: Route): boolean {
  return JSON.stringify(normalizeRoute(left)) === JSON.stringify(normalizeRoute(right));
}

type Values = ReadonlyMap<PropertyKey, unknown>;

function ownValues(route: unknown): Values {
  if (typeof route !== "object" || route === null || Array.isArray(route)) {
    throw new RouteError("", route, "an object");
  }
  try {
    return new Map(
      Reflect.ownKeys(route).map((key) => {
        // A misspelt attribute that is left out silently is a route nobody wanted.
        if (!KEYS.has(key)) throw new RouteError(String(key), "unknown key", "absent");
        return [key, copyOf(Reflect.get(route, key))];
      }),
    );
  } catch (error) {
    if (error instanceof RouteError) throw error;
    throw new RouteError("", "an object that throws when it is read", "a plain object");
  }
}

/** Lists are copied once; one that is far too long is cut just beyond every limit, so it is refused later. */
function copyOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const length = Math.min(value.length, AS_PATH_MAX + 1);
  return Array.from({ length }, (_, index): unknown => value[index]);
}

function optional<K extends keyof Route>(
  key: K,
  found: Values,
  read: (value: unknown) => Route[K] | undefined,
): Partial<Route> {
  const value = found.get(key);
  const normal = value === undefined ? undefined : read(value);
  return normal === undefined ? {} : { [key]: normal };
}

function prefixOf(value: unknown): Prefix {
  const prefix = typeof value === "string" ? parsePrefix(value) : undefined;
  // ExaBGP would announce a multicast prefix in another address family.
  if (prefix === undefined || isMulticast(prefix)) {
    throw new RouteError("prefix", value, "a unicast prefix without host bits, like 192.0.2.0/24");
  }
  return prefix;
}

function nextHopOf(value: unknown, { family }: Prefix): string {
  if (value === "self") return value;
  const address = typeof value === "string" ? parseAddress(value) : undefined;
  if (address?.family !== family || address.bits === 0n || isMulticast(address)) {
    throw new RouteError("nextHop", value, `"self" or a unicast IPv${family} address`);
  }
  return formatAddress(address);
}

function originOf(value: unknown): Origin {
  const origin = ORIGINS.find((word) => word === value);
  if (origin === undefined) throw new RouteError("origin", value, "igp, egp or incomplete");
  return origin;
}

function asPathOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length > AS_PATH_MAX) {
    throw new RouteError("asPath", value, `a list of at most ${AS_PATH_MAX} AS numbers`);
  }
  // AS 0 may not be in a path (RFC 7607 2).
  const path = value.map((asn: unknown, index) => integerOf(`asPath[${index}]`, asn, 1));
  return path.length === 0 ? undefined : path;
}

function neighborsOf(value: unknown): readonly string[] | undefined {
  const allowed = `a list of at most ${NEIGHBORS_MAX} addresses of neighbors`;
  if (!Array.isArray(value) || value.length > NEIGHBORS_MAX) {
    throw new RouteError("neighbors", value, allowed);
  }
  const addresses = value.map((one: unknown, index) => {
    const address = typeof one === "string" ? parseAddress(one) : undefined;
    if (address === undefined || address.bits === 0n || isMulticast(address)) {
      throw new RouteError(`neighbors[${index}]`, one, "a unicast address");
    }
    return formatAddress(address);
  });
  return addresses.length === 0 ? undefined : [...new Set(addresses)].toSorted();
}

function integerOf(field: string, value: unknown, min: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > UINT32_MAX) {
    throw new RouteError(field, value, `an integer from ${min} to ${UINT32_MAX}`);
  }
  // -0 would be written as 0 but compared as something else.
  return value + 0;
}
