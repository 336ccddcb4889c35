/** The refusal to let one edit take a PoP, or a company, off the Internet. */
import type { Actor, Refusal } from "./inputs.ts";
import { CANARY } from "./canary.ts";
import { isAnnounced, type RouteState } from "./routes.ts";

type Told = Pick<RouteState, "told" | "owned">;

/**
 * A refusal when another configuration would at once withdraw more than half of the prefixes that are announced, or
 * may be: those owned and not told to be withdrawn. Prefixes of drained services do not count, so draining first
 * is the way to take much away.
 *
 * @param stays Whether a prefix is still announced, or may be, under the other configuration.
 */
export function refuseMassWithdrawal(
  routes: ReadonlyMap<string, Told>,
  stays: (prefix: string) => boolean,
  actor: Actor,
): Refusal | undefined {
  const announced = [...routes]
    .filter(([, route]) => isAnnounced(route) && route.owned?.services[0] !== CANARY)
    .map(([prefix]) => prefix);
  const prefixes = announced.filter((prefix) => !stays(prefix));
  return prefixes.length * 2 > announced.length
    ? { type: "refused", reason: "mass-withdrawal", actor, prefixes, announced: announced.length }
    : undefined;
}

/** Whether a prefix is announced, or may be, by these routes. */
export function announcedBy(routes: ReadonlyMap<string, Told>): (prefix: string) => boolean {
  return (prefix) => {
    const route = routes.get(prefix);
    return route !== undefined && isAnnounced(route);
  };
}
