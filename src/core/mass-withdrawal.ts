/** The refusal to let one edit take a PoP, or a company, off the Internet. */
import type { Plan } from "../config/plan.ts";
import type { Actor, Refusal } from "./inputs.ts";
import { isAnnounced, type RouteState } from "./routes.ts";

/**
 * A refusal when going over to `plan` would withdraw more than half of the prefixes that are announced, or
 * may be: those owned and not told to be withdrawn. Prefixes of drained services do not count, so draining
 * first is the way to take much away.
 */
export function refuseMassWithdrawal(
  routes: ReadonlyMap<string, Pick<RouteState, "told" | "owned">>,
  plan: Plan,
  actor: Actor,
): Refusal | undefined {
  const named = new Set(plan.services.flatMap((service) => service.routes.map((r) => r.prefix)));
  const announced = [...routes].filter(([, route]) => isAnnounced(route)).map(([prefix]) => prefix);
  const prefixes = announced.filter((prefix) => !named.has(prefix));
  return prefixes.length * 2 > announced.length
    ? { type: "refused", reason: "mass-withdrawal", actor, prefixes, announced: announced.length }
    : undefined;
}
