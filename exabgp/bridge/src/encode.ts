/** Routes become lines for ExaBGP. The list of commands that this package can write ends here. */
import { extendedForExabgp } from "./communities.ts";
import type { Dialect } from "./dialect.ts";
import { normalizeRoute } from "./route.ts";
import type { Route } from "./route.ts";

/**
 * The command that makes ExaBGP announce `route` to all neighbors of this process.
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

/** No selector for 4 and 5: 4.2.21 refuses `neighbor *`. API v6 wants one. */
const PEERS = { 4: "", 5: "", 6: "peer * " } as const;

function encode(verb: "announce" | "withdraw", route: Route, dialect: Dialect): string {
  const normal = normalizeRoute(route);
  return [
    `${PEERS[dialect]}${verb} route ${normal.prefix} next-hop ${normal.nextHop}`,
    ...single("origin", normal.origin),
    ...list("as-path", normal.asPath),
    ...single("med", normal.med),
    ...single("local-preference", normal.localPreference),
    ...list("community", normal.communities),
    ...list("large-community", normal.largeCommunities),
    ...list("extended-community", normal.extendedCommunities?.map(extendedForExabgp)),
  ].join(" ");
}

function single(word: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`${word} ${value}`];
}

function list(word: string, values: readonly (string | number)[] | undefined): string[] {
  return values === undefined ? [] : [`${word} [ ${values.join(" ")} ]`];
}
