/** Routes become lines for ExaBGP. The list of commands that this package can write ends here. */
import { extendedForExabgp } from "./communities.ts";
import type { Dialect } from "./dialect.ts";
import { RouteError } from "./route-error.ts";
import { normalizeRoute } from "./route.ts";
import type { Route } from "./route.ts";

type Verb = "announce" | "withdraw";

/** What a line says of one prefix. */
export interface LineChange {
  readonly verb: Verb;
  readonly route: Route;
}

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

function encode(verb: Verb, route: Route, dialect: Dialect): string {
  return encodeChanges([{ verb, route: normalizeRoute(route) }], dialect);
}

/**
 * The one command for changes that differ in their prefixes only. Several are a bulk line, which ExaBGP 4.2 and 5.0
 * parse before they apply any of it, and answer once.
 *
 * @param changes Of one verb, family, set of attributes and of neighbors; normalized.
 * @throws {RouteError} If this ExaBGP cannot be told.
 */
export function encodeChanges(changes: readonly LineChange[], dialect: Dialect): string {
  const [first] = changes;
  if (first === undefined) throw new RangeError("Cannot write line: there is no change for it");
  const { verb, route } = first;
  const attributes = attributesOf(route).join(" ");
  const start = `${selector(route, dialect)}${verb}`;
  if (changes.length === 1) return `${start} route ${route.prefix} ${attributes}`;
  const prefixes = changes.map((change) => change.route.prefix).join(" ");
  return `${start} attributes ${attributes} nlri ${prefixes}`;
}

function attributesOf(route: Route): string[] {
  return [
    `next-hop ${route.nextHop}`,
    ...single("origin", route.origin),
    ...list("as-path", route.asPath),
    ...single("med", route.med),
    ...single("local-preference", route.localPreference),
    ...list("community", route.communities),
    ...list("large-community", route.largeCommunities),
    ...list("extended-community", route.extendedCommunities?.map(extendedForExabgp)),
  ];
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
