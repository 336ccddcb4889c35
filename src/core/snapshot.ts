/** The state as plain data, so that another process can decide what the agent would: nothing in it is a secret. */
import type { ConfiguredNeighbor } from "exabgp-ts-bridge";
import type { Plan } from "../config/plan.ts";
import type { Flap } from "./damping.ts";
import type { Drain, Pin } from "./inputs.ts";
import { indexPlan } from "./index-plan.ts";
import type { RouteState } from "./routes.ts";
import type { AgentState, CheckState, ServiceState } from "./state.ts";

type SnapshotKey = "health" | "countsFromMs" | "countedAtMs" | "isExcused";

export interface Snapshot {
  /** Its checks have a fingerprint in the place of their keys. */
  readonly plan: Plan;
  /** As the checks of `plan`, one service after the other. */
  readonly checks: readonly Pick<CheckState, SnapshotKey>[];
  /** As `plan.services`. */
  readonly services: readonly ServiceState[];
  /** By canonical prefix. */
  readonly routes: readonly (readonly [string, RouteState])[];
  /** By canonical prefix. */
  readonly flaps: readonly (readonly [string, readonly Flap[]])[];
  /** Absent where ExaBGP did not say. */
  readonly neighbors?: readonly ConfiguredNeighbor[];
  readonly drains: readonly Drain[];
  readonly areDrainsComplete: boolean;
  readonly pins: readonly Pin[];
  readonly stopping: boolean;
}

/** @param plan The state's plan, with whatever must not be told taken out. */
export function takeSnapshot(state: AgentState, plan: Plan): Snapshot {
  const { services, drains, areDrainsComplete, pins, stopping } = state;
  return {
    plan,
    checks: state.checks.map(({ health, countsFromMs, countedAtMs, isExcused }) => ({
      health,
      countsFromMs,
      countedAtMs,
      isExcused,
    })),
    services,
    routes: [...state.routes],
    flaps: [...state.flaps],
    ...(state.neighbors !== undefined && { neighbors: state.neighbors }),
    drains,
    areDrainsComplete,
    pins,
    stopping,
  };
}

/** The state that decides as the one that `snapshot` was taken of. Of its decisions, the numbers are new. */
export function restoreSnapshot(snapshot: Snapshot): AgentState {
  const { plan, checks, services, drains, areDrainsComplete, pins, stopping } = snapshot;
  return {
    index: indexPlan(plan),
    checks: checks.map((check) => ({
      ...check,
      last: undefined,
      burst: undefined,
      heard: undefined,
    })),
    services,
    routes: new Map(snapshot.routes),
    rib: undefined,
    neighbors: snapshot.neighbors,
    canary: undefined,
    awaitsRib: false,
    drifts: new Map(),
    flaps: new Map(snapshot.flaps),
    drains,
    areDrainsComplete,
    pins,
    stopping,
    decisions: 0,
    changes: 0,
  };
}
