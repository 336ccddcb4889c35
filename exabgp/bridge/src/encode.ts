/** Routes become lines for ExaBGP. */
import type { Dialect } from "./dialect.ts";
import type { Route } from "./route.ts";

/** @throws {RouteError} */
export function encodeAnnounce(route: Route, dialect: Dialect = 4): string {
  return `${dialect === 6 ? "peer * " : ""}announce route ${route.prefix} next-hop ${route.nextHop}`;
}

/** @throws {RouteError} */
export function encodeWithdraw(route: Route, dialect: Dialect = 4): string {
  return `${dialect === 6 ? "peer * " : ""}withdraw route ${route.prefix} next-hop ${route.nextHop}`;
}
