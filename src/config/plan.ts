/** What decisions need from the configuration. `src/core` imports these types and nothing else of `config`. */
import type { Route } from "exabgp-ts-bridge";
import type { CheckSpec } from "../../checks/registry.ts";

/** All services of this PoP. */
export interface Plan {
  readonly pop: string;
  readonly services: readonly ServicePlan[];
}

/** Checks and prefixes that go together. */
export interface ServicePlan {
  readonly name: string;
  readonly require: Require;
  /** How services that name the same prefix decide about it; all of them agree on it. */
  readonly shared: "all" | "any";
  /** One per prefix: what is announced while the service is up. */
  readonly routes: readonly Route[];
  /** What is announced in other states, in the order of `routes`; absent: the prefix is withdrawn. */
  readonly when: Readonly<Partial<Record<Variant, readonly Route[]>>>;
  /** How long `draining` is announced before the withdrawal; a drain may say otherwise. */
  readonly drainDelayMs: number;
  /** How long the requirement must have been met before the service is announced anew. */
  readonly minUpTimeMs: number;
  /** How long a service that was withdrawn stays away, whatever its checks say; undefined: not at all. */
  readonly hold?: Hold | undefined;
  /** What the dead-man's switch does when the event loop stands still; absent: it withdraws. */
  readonly onStall?: "keep";
  /** Empty only in a plan made from owned prefixes; such a service stays `starting`. */
  readonly checks: readonly CheckPlan[];
}

/** States that may announce other attributes than `up`, the worst last. */
export type Variant = "degraded" | "draining" | "down";

/** Which of a service's checks must be up; advisory ones are never asked. */
export type Require =
  | "all"
  | "any"
  | { readonly atLeast: number }
  /** The weights of those that are up add up to `weight`; once met, to `weight - hysteresis`. */
  | { readonly weight: number; readonly hysteresis: number };

/** The flap budget: after `flaps` withdrawals within `withinMs` the service stays away. */
export interface Hold {
  readonly withinMs: number;
  /** Those that come first: how long after each of them, in milliseconds since the withdrawal. 0: not at all. */
  readonly first: readonly number[];
  /** How long after every further one. */
  readonly furtherMs: number;
  /** A withdrawal counts for `withinMs` from the return of its prefix on, and not only from itself. */
  readonly fromReturn?: true;
}

/** A maintenance window: services leave the anycast set by the clock. */
export interface WindowPlan {
  /** Names of services, or `_all` alone. */
  readonly services: readonly string[];
  /** Five fields as node-cron reads them: when it starts, in local time of `timezone`. */
  readonly cron: string;
  readonly forMs: number;
  /** IANA name. */
  readonly timezone: string;
  readonly reason: string;
}

/** A probe with a target, timing and thresholds. */
export interface CheckPlan {
  /** `SERVICE/CHECK`, unique in a plan. */
  readonly id: string;
  readonly name: string;
  /** Passes in a row before `up`, at least 1. */
  readonly rise: number;
  /** Failures in a row before `down`, at least 1. */
  readonly fall: number;
  readonly timing: Timing;
  /** What it counts for where the requirement is a weight; at least 1. */
  readonly weight: number;
  /** Whether it may degrade the service, but never withdraw it. */
  readonly advisory: boolean;
  /** The name of the shared check that it is a use of: all its uses are probed once. */
  readonly use: string | undefined;
  readonly spec: CheckSpec;
}

/** Milliseconds; the pauses are between the starts of two attempts. */
export interface Timing {
  readonly intervalMs: number;
  /** While results contradict the verdict. */
  readonly fastIntervalMs: number;
  /** While down. */
  readonly slowIntervalMs: number;
  readonly timeoutMs: number;
}
