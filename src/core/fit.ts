/** Which neighbors can have a route at all: `next-hop self` is an address of the session, and that has one family. */
import type { ConfiguredNeighbor, Route } from "exabgp-ts-bridge";
import { familyOf } from "./rib.ts";
import type { AgentState } from "./state.ts";

/**
 * Over a session between IPv4 addresses there is no IPv6 address for `self`. ExaBGP 4.2.21 sends the four octets all the
 * same, and the peer ends the session (RFC 4760 section 3, RFC 7606); 4.2.25 gives no answer, and 5.0.15 an error, to
 * the whole line. The other way round all of them send the router-id, which peers take.
 */
export function isFit(neighbor: string, { nextHop, prefix }: Route): boolean {
  return nextHop !== "self" || familyOf(prefix) === "ipv4" || neighbor.includes(":");
}

/**
 * @param configured All neighbors, with their families; undefined: nobody knows.
 * @returns `route` for those that can have it; the same where all can, undefined where nobody can.
 */
export function fitted(
  route: Route,
  configured: readonly ConfiguredNeighbor[] | undefined,
): Route | undefined {
  if (configured === undefined || route.nextHop !== "self") return route;
  // Each tick looks at ten thousand routes, and tells those that are the same by being the same.
  const known = FITTED.get(configured) ?? new WeakMap<Route, { readonly to: Route | undefined }>();
  FITTED.set(configured, known);
  const before = known.get(route);
  if (before !== undefined) return before.to;
  const to = fit(route, configured);
  known.set(route, { to });
  return to;
}

const FITTED = new WeakMap<object, WeakMap<Route, { readonly to: Route | undefined }>>();

function fit(route: Route, configured: readonly ConfiguredNeighbor[]): Route | undefined {
  const unfit = unfitNeighbors(route, configured);
  if (unfit.length === 0) return route;
  const neighbors = carriersOf(route, configured).filter((neighbor) => isFit(neighbor, route));
  if (neighbors.length === 0) return undefined;
  return Object.freeze({ ...route, neighbors: Object.freeze(neighbors.toSorted()) });
}

/** Those that are meant, offer the family, and cannot have it. */
export function unfitNeighbors(
  route: Route,
  configured: readonly ConfiguredNeighbor[] | undefined,
): readonly string[] {
  if (route.nextHop !== "self" || familyOf(route.prefix) === "ipv4") return NOBODY;
  return carriersOf(route, configured).filter((neighbor) => !isFit(neighbor, route));
}

/** Those of a route's neighbors that offer its family: ExaBGP gives it to nobody else. */
export function carriersOf(
  { prefix, neighbors }: Route,
  configured: readonly ConfiguredNeighbor[] | undefined,
): readonly string[] {
  const family = familyOf(prefix);
  return (configured ?? [])
    .filter((one) => one.families.includes(family) && (neighbors?.includes(one.neighbor) ?? true))
    .map(({ neighbor }) => neighbor);
}

/**
 * What is to be withdrawn of an announced route: where it cannot be and is not, nothing. A line that names such a
 * neighbor, or all, would be refused from there on, and those behind it would keep the route.
 */
export function withdrawable(
  route: Route,
  { neighbors: configured, rib }: Pick<AgentState, "neighbors" | "rib">,
): Route {
  const narrow = fitted(route, configured);
  if (narrow === undefined || narrow === route) return route;
  const holders = (rib?.held.get(route.prefix) ?? []).map(({ neighbor }) => neighbor);
  const neighbors = [...new Set([...(narrow.neighbors ?? []), ...holders])];
  return { ...route, neighbors: neighbors.toSorted() };
}

const NOBODY: readonly string[] = [];
