/** Routes become lines for ExaBGP. The list of commands that this package can write ends here. */
import { extendedForExabgp } from "./communities.ts";
import type { Dialect } from "./dialect.ts";
import { RouteError } from "./route-error.ts";
import { normalizeRoute } from "./route.ts";
import type { Route } from "./route.ts";

/**
 * The command that makes ExaBGP announce `route`.
 *
 * @param dialect Default 4, which 5.0 understands too.
 * @returns One line without its newline, printable ASCII.
 * @throws {RouteError} If anything in `route` is outside the closed grammar.
 */
export function encodeAnnounce(route: Route, dialect: Dialect = 4): string {
  return encode("announce", route, dialect);
}

/**
 * The command that makes ExaBGP withdraw `route`. It carries the attributes that were announced:
 * ExaBGP sends the changes of one turn of its loop attribute set by attribute set, so only
 * the same attributes keep an announcement and its withdrawal in order.
 *
 * @param dialect Default 4, which 5.0 understands too.
 * @returns One line without its newline, printable ASCII.
 * @throws {RouteError} If anything in `route` is outside the closed grammar.
 */
export function encodeWithdraw(route: Route, dialect: Dialect = 4): string {
  return encode("withdraw", route, dialect);
}

function encode(verb: "announce" | "withdraw", route: Route, dialect: Dialect): string {
  const normal = normalizeRoute(route);
  return [
    `${selector(normal, dialect)}${verb} route ${normal.prefix} next-hop ${normal.nextHop}`,
    ...single("origin", normal.origin),
    ...list("as-path", normal.asPath),
    ...single("med", normal.med),
    ...single("local-preference", normal.localPreference),
    ...list("community", normal.communities),
    ...list("large-community", normal.largeCommunities),
    ...list("extended-community", normal.extendedCommunities?.map(extendedForExabgp)),
  ].join(" ");
}

/**
 * None for all neighbors on 4 and 5: 4.2.21 refuses `neighbor *`. API v6 wants one, and gives a route for a peer
 * that it does not know to another: there a route for some neighbors only is never written.
 */
function selector({ neighbors }: Route, dialect: Dialect): string {
  if (dialect !== 6) {
    return neighbors === undefined
      ? ""
      : `${neighbors.map((one) => `neighbor ${one}`).join(", ")} `;
  }
  if (neighbors === undefined) return "peer * ";
  throw new RouteError("neighbors", neighbors.join(" "), "absent with ExaBGP 6.0");
}

function single(word: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`${word} ${value}`];
}

function list(word: string, values: readonly (string | number)[] | undefined): string[] {
  return values === undefined ? [] : [`${word} [ ${values.join(" ")} ]`];
}
