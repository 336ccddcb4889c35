/** The first plan of an agent's life, and every later one. */
import type { Plan } from "../config/plan.ts";
import { pruneFlaps, type Flaps } from "./damping.ts";
import { unknownHealth } from "./health.ts";
import { indexPlan, sameCheck, type PlanIndex } from "./index-plan.ts";
import type { Actor, Drain, Transition } from "./inputs.ts";
import { expiriesOf, partExpired } from "./orders.ts";
import { metBefore } from "./rising.ts";
import { afterLife, UNTOLD, type OwnedRoute } from "./routes.ts";
import { BY_AGENT, drainCause, settle } from "./settle.ts";
import type { AgentState, CheckState, ServiceState, Step } from "./state.ts";

const NEW_SERVICE = {
  state: "starting",
  reason: "check-unknown",
  held: undefined,
} as const;

/**
 * The first step of an agent's life.
 *
 * @param owned What earlier lives announced and have not surely withdrawn, by canonical prefix. Those that
 * `plan` no longer has are withdrawn at once; whether that is too many, `refuseMassWithdrawal` says before.
 * @param drains All that stand; undefined: nobody could read them.
 * @param flaps Of earlier lives; `hold` counts them.
 * @param awaitsRib ExaBGP will be asked what it holds: a `rib` or `no-rib` comes.
 */
export function startAgent(
  plan: Plan,
  owned: ReadonlyMap<string, OwnedRoute>,
  drains: readonly Drain[] | undefined,
  nowMs: number,
  flaps: Flaps = new Map(),
  awaitsRib = false,
): Step {
  const { standing, over } = partExpired(drains ?? [], nowMs);
  const empty: AgentState = {
    index: indexPlan({ ...plan, services: [] }),
    checks: [],
    services: [],
    routes: new Map([...owned].map(([prefix, route]) => [prefix, afterLife(route, nowMs)])),
    rib: undefined,
    neighbors: undefined,
    canary: undefined,
    awaitsRib,
    drifts: new Map(),
    flaps,
    drains: standing,
    areDrainsComplete: drains !== undefined,
    pins: [],
    stopping: false,
    decisions: 0,
    changes: 0,
  };
  const { state, actions } = configure(empty, plan, "agent", nowMs);
  return { state, actions: [...actions, ...expiriesOf(over, [])] };
}

/** Goes over to `plan`; a check that stays the same keeps its counters, a service its state. */
export function configure(state: AgentState, plan: Plan, actor: Actor, nowMs: number): Step {
  const index = indexPlan(plan);
  const places = new Map(state.index.plan.services.map(({ name }, at) => [name, at]));
  const checks = index.checks.map(({ check }): CheckState => {
    const at = state.index.checkAt.get(check.id) ?? -1;
    const kept = sameCheck(state.index.checks[at]?.check, check) ? state.checks[at] : undefined;
    return (
      kept ?? {
        health: unknownHealth(nowMs),
        countsFromMs: nowMs,
        countedAtMs: nowMs,
        isExcused: false,
        last: undefined,
        burst: undefined,
        heard: undefined,
      }
    );
  });
  const services = plan.services.map(({ name, routes: own, when }): ServiceState => {
    const kept = state.services[places.get(name) ?? -1];
    if (kept !== undefined) return kept;
    const known = own.map(({ prefix }) => state.routes.get(prefix));
    return { ...NEW_SERVICE, sinceMs: nowMs, metSinceMs: metBefore(known, when.down, nowMs) };
  });
  const routes = new Map(state.routes);
  for (const { prefix } of index.prefixes) if (!routes.has(prefix)) routes.set(prefix, UNTOLD);
  for (const [prefix, { owned }] of routes) {
    if (owned === undefined && !index.prefixAt.has(prefix)) routes.delete(prefix);
  }
  const flaps = pruneFlaps(state.flaps, (prefix) => index.prefixAt.has(prefix), nowMs);
  return settle({ ...state, index, checks, services, routes, flaps }, nowMs, {
    causeOf: (service) => drainCause(state.drains, service) ?? { ...BY_AGENT, actor },
    decided: removals(state, index, actor),
    reconfigured: true,
  });
}

/** The services that the last plan had, or the last life owned prefixes for, and `index` has no more. */
function removals(state: AgentState, index: PlanIndex, actor: Actor): Transition[] {
  const configured = new Set(index.plan.services.map(({ name }) => name));
  const prefixesOf = new Map<string, string[]>();
  for (const { name } of state.index.plan.services) {
    if (!configured.has(name)) prefixesOf.set(name, []);
  }
  for (const [prefix, { owned, told }] of state.routes) {
    if (owned === undefined || told === "withdrawn" || index.prefixAt.has(prefix)) continue;
    if (prefix === state.canary) continue;
    const owner = owned.services[0] ?? "";
    const group = prefixesOf.get(owner);
    if (group === undefined) prefixesOf.set(owner, [prefix]);
    else group.push(prefix);
  }
  const places = new Map(state.index.plan.services.map(({ name }, at) => [name, at]));
  return [...prefixesOf].map(([service, prefixes], nth) => {
    // A service that stays but gave up some prefixes is reconfigured, not removed.
    const stays = configured.has(service);
    const before = state.services[places.get(service) ?? -1]?.state;
    return {
      ...BY_AGENT,
      type: "transition",
      decision: state.decisions + nth + 1,
      service,
      from: before ?? (stays ? "starting" : "removed"),
      to: stays ? (before ?? "starting") : "removed",
      reason: stays ? "reconfigured" : "not-configured",
      actor,
      prefixes,
    };
  });
}
