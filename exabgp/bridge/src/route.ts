/** The routes that the bridge speaks about: IPv4 and IPv6 unicast, in a closed grammar. */

/** A prefix and its attributes. Absent and empty lists mean the same. */
export interface Route {
  /** `192.0.2.0/24` or `2001:db8::/48`, without host bits. */
  readonly prefix: string;
  /** `self`, or an address of the same family as `prefix`. */
  readonly nextHop: string;
  readonly origin?: Origin;
  /** From the neighbor's side to the origin, 1 to 4294967295 each. ExaBGP sends it verbatim, also on eBGP. */
  readonly asPath?: readonly number[];
  /** 0 to 4294967295. */
  readonly med?: number;
  /** 0 to 4294967295. ExaBGP does not send it on eBGP (RFC 4271 5.1.5). */
  readonly localPreference?: number;
  /** `65535:0`: numbers only. */
  readonly communities?: readonly string[];
  /** `64496:1:2`. */
  readonly largeCommunities?: readonly string[];
  /** `target:64496:7` or `origin:64496:7`. */
  readonly extendedCommunities?: readonly string[];
}

/** RFC 4271 5.1.1. */
export type Origin = "igp" | "egp" | "incomplete";

/** A route that cannot be written as one line of the closed grammar. */
export class RouteError extends Error {
  override readonly name = "RouteError";
  readonly code = "INVALID_ROUTE";
  /** The key of the route that is wrong, with the index in a list: `communities[2]`. Empty for the whole. */
  readonly field: string;
  /** What was found there, printable and cut. */
  readonly value: string;
  /** What would have been right. */
  readonly allowed: string;

  constructor(field: string, value: string, allowed: string) {
    super(
      `Cannot use route: ${field === "" ? "it" : field} must be ${allowed}: current value is ${value}`,
    );
    this.field = field;
    this.value = value;
    this.allowed = allowed;
  }
}

/** @throws {RouteError} */
export function normalizeRoute(route: Route): Route {
  return route;
}

/** @throws {RouteError} */
export function routesEqual(left: Route, right: Route): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
