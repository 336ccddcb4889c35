/** Drains and pins: which of them a service stands under, and when they end. */
import { nextHoldEndMs } from "./holds.ts";
import { riseEndMs } from "./rising.ts";
import type { AgentState } from "./state.ts";
import { ALL_SERVICES, type Drain, type Expiry, type Pin } from "./inputs.ts";

/** The drains that a service stands under, the one to be named first: its own, and an operator's before a window's. */
export function coveringDrains(drains: readonly Drain[], service: string): Drain[] {
  const groups = groupsOf(drains);
  return [...(groups.get(service) ?? []), ...(groups.get(ALL_SERVICES) ?? [])].toSorted(
    (left, right) => rankOf(left) - rankOf(right),
  );
}

function rankOf({ kind, service }: Drain): number {
  return (kind === "operator" ? 0 : 2) + (service === ALL_SERVICES ? 1 : 0);
}

/** The drains of a step by service: a thousand services that are drained one by one are looked at together. */
const GROUPS = new WeakMap<readonly Drain[], ReadonlyMap<string, readonly Drain[]>>();

function groupsOf(drains: readonly Drain[]): ReadonlyMap<string, readonly Drain[]> {
  const known = GROUPS.get(drains);
  if (known !== undefined) return known;
  const groups = new Map<string, Drain[]>();
  for (const drain of drains) {
    const group = groups.get(drain.service);
    if (group === undefined) groups.set(drain.service, [drain]);
    else group.push(drain);
  }
  GROUPS.set(drains, groups);
  return groups;
}

export function reasonOf({ kind }: Drain): "operator-drain" | "maintenance-window" {
  return kind === "window" ? "maintenance-window" : "operator-drain";
}

export function pinOf(pins: readonly Pin[], service: string): Pin | undefined {
  return pins.find((pin) => pin.service === service);
}

/**
 * When the service at `at` is to be withdrawn, if it is announced until then; undefined: it is not drained. Of
 * several drains the hastiest decides. Milliseconds on the monotonic clock.
 */
export function stageEndMs(state: AgentState, at: number): number | undefined {
  const planned = state.index.plan.services[at];
  if (planned === undefined) return undefined;
  const ends = coveringDrains(state.drains, planned.name).map(
    ({ startedMs, gracefulMs }) => startedMs + (gracefulMs ?? planned.drainDelayMs),
  );
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** When something happens by the passing of time alone, retries of commands aside; undefined: never. */
export function dueMs(state: AgentState): number | undefined {
  let firstMs = nextHoldEndMs(state) ?? Infinity;
  for (const { endsAtMs = Infinity } of state.drains) firstMs = Math.min(firstMs, endsAtMs);
  for (const { endsAtMs } of state.pins) firstMs = Math.min(firstMs, endsAtMs);
  // Asked after every input: only those that wait for something are looked at twice.
  for (const [at, service] of state.services.entries()) {
    if (service.state === "draining") firstMs = Math.min(firstMs, stageEndMs(state, at) ?? firstMs);
    if (service.state === "rising") firstMs = Math.min(firstMs, riseEndMs(state, at) ?? firstMs);
  }
  return firstMs === Infinity ? undefined : firstMs;
}

/** Parts orders into those that stand and those that are over. */
export function partExpired<T extends Drain | Pin>(
  orders: readonly T[],
  nowMs: number,
): { readonly standing: readonly T[]; readonly over: readonly T[] } {
  const isOver = ({ endsAtMs }: T) => endsAtMs !== undefined && endsAtMs <= nowMs;
  return {
    standing: orders.filter((order) => !isOver(order)),
    over: orders.filter((order) => isOver(order)),
  };
}

/** The files that are to be removed; a window has none. */
export function expiriesOf(drains: readonly Drain[], pins: readonly Pin[]): Expiry[] {
  const ended = drains.filter(({ kind }) => kind === "operator");
  return [
    ...ended.map(({ service, transient }): Expiry => ({
      type: "expired",
      order: "drain",
      service,
      transient,
    })),
    ...pins.map(({ service }): Expiry => ({
      type: "expired",
      order: "pin",
      service,
      transient: false,
    })),
  ];
}
