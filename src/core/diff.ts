/** What a reload would change: decided by the same step as the reload itself, and then thrown away. */
import type { Route } from "exabgp-ts-bridge";
import type { Plan, ServicePlan, Variant } from "../config/plan.ts";
import { step } from "./agent.ts";
import { indexPlan, sameCheck, type PlanIndex, type PlannedPrefix } from "./index-plan.ts";
import type { Transition } from "./inputs.ts";
import { announcedBy, refuseMassWithdrawal } from "./mass-withdrawal.ts";
import { isAnnounced, type Command } from "./routes.ts";
import type { AgentState } from "./state.ts";

export interface ReloadDiff {
  /** How many prefixes are announced, or may be, before. */
  readonly announced: number;
  /** How many of them are withdrawn at once. */
  readonly lost: number;
  /** Whether that is more than half: refused without force. */
  readonly massWithdrawal: boolean;
  /** Prefixes that ExaBGP is told about at once. */
  readonly now: {
    readonly withdrawn: readonly string[];
    /** Announced before, and after with other attributes. */
    readonly changed: readonly string[];
    readonly announced: readonly string[];
  };
  /** New prefixes that are announced when their checks have passed. */
  readonly later: readonly string[];
  readonly services: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** Those that decide otherwise than before: `require`, `drain-delay` and the like. */
    readonly changed: readonly string[];
  };
  /** Services whose state changes at once. */
  readonly decisions: readonly Pick<Transition, "service" | "from" | "to" | "reason">[];
  /** Prefixes that differ in any state. */
  readonly prefixes: readonly PrefixChange[];
  /** Added and changed ones are judged anew; the route is left alone until they are. */
  readonly checks: readonly CheckChange[];
  /** What neither plan nor ExaBGP sees any difference in. */
  readonly unchanged: {
    readonly services: number;
    readonly prefixes: number;
    readonly checks: number;
  };
}

export type Change = "added" | "removed" | "changed";

export interface PrefixChange {
  readonly change: Change;
  readonly prefix: string;
  /** Who names it; after the reload, if anybody does. */
  readonly services: readonly string[];
  /** Whether it is announced before. */
  readonly announced: boolean;
  readonly attributes: readonly AttributeChange[];
}

/** null: withdrawn in this state. */
export interface AttributeChange {
  readonly state: "up" | Variant;
  readonly before: string | null;
  readonly after: string | null;
}

export interface CheckChange {
  readonly change: Change;
  /** `SERVICE/CHECK`. */
  readonly check: string;
}

/** @param write Makes a text of a route's attributes. */
export function diffReload(
  state: AgentState,
  plan: Plan,
  nowMs: number,
  write: (route: Route) => string,
): ReloadDiff {
  const next = step(state, { type: "reload", plan, actor: "agent", force: true }, nowMs);
  const { actions } = next;
  const stays = announcedBy(next.state.routes);
  const refusal = refuseMassWithdrawal(state.routes, stays, "agent");
  const after = indexPlan(plan);
  const now = tellings(
    state,
    actions.flatMap((action) =>
      action.type === "announce" || action.type === "withdraw" ? [action] : [],
    ),
  );
  const held = [...state.routes].flatMap(([prefix, route]) => (isAnnounced(route) ? [prefix] : []));
  const isSoon = new Set([...now.announced, ...held]);
  const prefixes = prefixChanges(state, after, write);
  const checks = checkChanges(state.index, after);
  const services = serviceChanges(state.index.plan, plan);
  const touched = new Set([
    ...services.added,
    ...services.changed,
    ...prefixes.flatMap((one) => one.services),
    ...checks.map(({ check }) => check.split("/", 1)[0] ?? ""),
  ]);
  const count = (changes: readonly { readonly change: Change }[]) =>
    changes.filter(({ change }) => change !== "removed").length;
  return {
    announced: held.length,
    lost: held.filter((prefix) => !stays(prefix)).length,
    massWithdrawal: refusal !== undefined,
    now,
    later: prefixes.flatMap(({ change, prefix }) =>
      change === "added" && !isSoon.has(prefix) ? [prefix] : [],
    ),
    services,
    decisions: actions.flatMap((action) => {
      if (action.type !== "transition" || action.from === action.to) return [];
      const { service, from, to, reason } = action;
      return [{ service, from, to, reason }];
    }),
    prefixes,
    checks,
    unchanged: {
      services: plan.services.filter(({ name }) => !touched.has(name)).length,
      prefixes: after.prefixes.length - count(prefixes),
      checks: after.checks.length - count(checks),
    },
  };
}

function tellings(state: AgentState, commands: readonly Command[]): ReloadDiff["now"] {
  const now = { withdrawn: [] as string[], changed: [] as string[], announced: [] as string[] };
  for (const { type, route, leaving } of commands) {
    const before = state.routes.get(route.prefix);
    const wasAnnounced = before !== undefined && isAnnounced(before);
    if (leaving !== undefined) now.changed.push(route.prefix);
    else if (type === "withdraw") {
      // Else it only cleans up after an earlier life.
      if (wasAnnounced) now.withdrawn.push(route.prefix);
    } else if (!wasAnnounced) now.announced.push(route.prefix);
    // Else a command that failed is repeated, or a route of an earlier life is confirmed.
    else if (!same(before.owned?.route, route)) now.changed.push(route.prefix);
  }
  return now;
}

function prefixChanges(
  { index, routes }: AgentState,
  after: PlanIndex,
  write: (route: Route) => string,
): PrefixChange[] {
  const prefixes = new Set([...index.prefixAt.keys(), ...after.prefixAt.keys()]);
  return [...prefixes].toSorted().flatMap((prefix): PrefixChange[] => {
    const old = index.prefixes[index.prefixAt.get(prefix) ?? -1];
    const fresh = after.prefixes[after.prefixAt.get(prefix) ?? -1];
    const names = (planned: PlannedPrefix | undefined, { plan }: PlanIndex) =>
      planned?.services.map((at) => plan.services[at]?.name ?? "");
    const [before, now] = [names(old, index), names(fresh, after)];
    const states = ["up", "degraded", "draining", "down"] as const;
    const attributes = states.flatMap((state): AttributeChange[] => {
      const [was, is] = [old?.routes[state], fresh?.routes[state]];
      if (same(was, is)) return [];
      // It follows `announce`, which is told already.
      const follows = same(was, old?.routes.up) && same(is, fresh?.routes.up);
      if (state === "degraded" && follows) return [];
      return [{ state, before: was ? write(was) : null, after: is ? write(is) : null }];
    });
    const change = old === undefined ? "added" : fresh === undefined ? "removed" : "changed";
    if (attributes.length === 0 && same(before, now) && old?.shared === fresh?.shared) return [];
    const route = routes.get(prefix);
    const announced = route !== undefined && isAnnounced(route);
    return [{ change, prefix, services: now ?? before ?? [], announced, attributes }];
  });
}

function checkChanges(before: PlanIndex, after: PlanIndex): CheckChange[] {
  const ids = new Set([...before.checkAt.keys(), ...after.checkAt.keys()]);
  return [...ids].toSorted().flatMap((check): CheckChange[] => {
    const old = before.checks[before.checkAt.get(check) ?? -1]?.check;
    const fresh = after.checks[after.checkAt.get(check) ?? -1]?.check;
    if (fresh === undefined) return [{ change: "removed", check }];
    if (old === undefined) return [{ change: "added", check }];
    return sameCheck(old, fresh) ? [] : [{ change: "changed", check }];
  });
}

function serviceChanges(before: Plan, after: Plan): ReloadDiff["services"] {
  const old = new Map(before.services.map((service) => [service.name, service]));
  const fresh = new Set(after.services.map(({ name }) => name));
  // Those are told one by one.
  const others = (service: ServicePlan, stays: ServicePlan) => {
    const known = new Set(stays.checks.map(({ id }) => id));
    const checks = service.checks.flatMap(({ id, weight, advisory, use }) =>
      known.has(id) ? [{ id, weight, advisory, use }] : [],
    );
    return { ...service, routes: [], when: {}, checks: checks.toSorted(byId) };
  };
  return {
    added: after.services.flatMap(({ name }) => (old.has(name) ? [] : [name])),
    removed: before.services.flatMap(({ name }) => (fresh.has(name) ? [] : [name])),
    changed: after.services.flatMap((service) => {
      const was = old.get(service.name);
      return was === undefined || same(others(was, service), others(service, was))
        ? []
        : [service.name];
    }),
  };
}

function byId(left: { readonly id: string }, right: { readonly id: string }): number {
  return left.id < right.id ? -1 : 1;
}

/** Of plain data with its keys in one order. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
