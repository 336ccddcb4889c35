/** A plan with the look-ups that every step needs, made once per plan. */
import type { Route } from "exabgp-ts-bridge";
import type { CheckPlan, Plan, ServicePlan, Variant } from "../config/plan.ts";

/** All numbers are places in `plan.services`, `checks` or `prefixes`. */
export interface PlanIndex {
  readonly plan: Plan;
  readonly checks: readonly { readonly check: CheckPlan; readonly service: number }[];
  readonly checkAt: ReadonlyMap<string, number>;
  /** The checks of each service. */
  readonly checksOf: readonly (readonly number[])[];
  readonly prefixes: readonly PlannedPrefix[];
  readonly prefixAt: ReadonlyMap<string, number>;
  /** The prefixes of each service. */
  readonly prefixesOf: readonly (readonly number[])[];
}

/** A prefix with all services that name it; the configuration makes them agree on the rest. */
export interface PlannedPrefix {
  readonly prefix: string;
  /** By the state that it is announced for; without one the prefix is withdrawn. */
  readonly routes: { readonly up: Route } & Readonly<Partial<Record<Variant, Route>>>;
  readonly shared: "all" | "any";
  readonly services: readonly number[];
}

export function indexPlan(plan: Plan): PlanIndex {
  const checks: { check: CheckPlan; service: number }[] = [];
  const checksOf: number[][] = [];
  const prefixes: (PlannedPrefix & { services: number[] })[] = [];
  const prefixAt = new Map<string, number>();
  for (const [at, service] of plan.services.entries()) {
    checksOf.push(service.checks.map((_, nth) => checks.length + nth));
    for (const check of service.checks) checks.push({ check, service: at });
    for (const [nth, route] of service.routes.entries()) {
      const known = prefixes[prefixAt.get(route.prefix) ?? -1];
      if (known !== undefined) {
        known.services.push(at);
        continue;
      }
      prefixAt.set(route.prefix, prefixes.length);
      prefixes.push({
        prefix: route.prefix,
        routes: routesOf(service, nth, route),
        shared: service.shared,
        services: [at],
      });
    }
  }
  return {
    plan,
    checks,
    checkAt: new Map(checks.map(({ check }, at) => [check.id, at])),
    checksOf,
    prefixes,
    prefixAt,
    prefixesOf: plan.services.map((service) =>
      service.routes.map(({ prefix }) => prefixAt.get(prefix) ?? -1),
    ),
  };
}

function routesOf({ when }: ServicePlan, nth: number, up: Route): PlannedPrefix["routes"] {
  const degraded = when.degraded?.[nth];
  const draining = when.draining?.[nth];
  const down = when.down?.[nth];
  return {
    up: freeze(up),
    ...(degraded && { degraded: freeze(degraded) }),
    ...(draining && { draining: freeze(draining) }),
    ...(down && { down: freeze(down) }),
  };
}

/** The bridge reads a route that cannot change only once. */
function freeze(route: Route): Route {
  for (const value of Object.values(route)) Object.freeze(value);
  return Object.freeze(route);
}

/**
 * Whether a reload left a check as it was, timing included. What it counts for, and what a shared check is called,
 * changes nothing that was found out.
 */
export function sameCheck(a: CheckPlan | undefined, b: CheckPlan): boolean {
  return a !== undefined && probedOf(a) === probedOf(b);
}

function probedOf(check: CheckPlan): string {
  const use = check.use === undefined ? undefined : "";
  return JSON.stringify({ ...check, weight: 0, advisory: false, use });
}
