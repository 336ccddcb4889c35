/** Drains and pins come, go, and end by themselves. */
import { unknownHealth } from "./health.ts";
import { ALL_SERVICES, type Drain, type Input, type Pin, type Undrain } from "./inputs.ts";
import { coveringDrains, expiriesOf, partExpired, pinOf, stageEndMs } from "./orders.ts";
import { BY_AGENT, drainCause, settle, type Cause } from "./settle.ts";
import type { AgentState, Step } from "./state.ts";

/** @param input With all drains that stand, or are over but still there. */
export function stepDrains(
  state: AgentState,
  { drains, undrains, isPartial = false }: Extract<Input, { type: "drains" }>,
  nowMs: number,
): Step {
  const { standing, over } = partExpired(drains, nowMs);
  const expired = { drains: over, pins: [] };
  const known = { ...state, areDrainsComplete: !isPartial };
  return change(known, { drains: standing, pins: state.pins }, { ends: undrains, expired }, nowMs);
}

/** @param pins All that stand, or are over but still there. */
export function stepPins(
  state: AgentState,
  pins: readonly Pin[],
  unpins: readonly Undrain[],
  nowMs: number,
): Step {
  const { standing, over } = partExpired(pins, nowMs);
  const expired = { drains: [], pins: over };
  return change(state, { drains: state.drains, pins: standing }, { ends: unpins, expired }, nowMs);
}

/** What happens by the passing of time: drains and pins end, and `draining` becomes `drained`. */
export function stepTime(state: AgentState, nowMs: number): Step {
  const drains = partExpired(state.drains, nowMs);
  const pins = partExpired(state.pins, nowMs);
  const orders = { drains: drains.standing, pins: pins.standing };
  const expired = { drains: drains.over, pins: pins.over };
  const isDue = state.services.some(
    (service, at) => service.state === "draining" && (stageEndMs(state, at) ?? nowMs) <= nowMs,
  );
  if (!isDue && drains.over.length === 0 && pins.over.length === 0) return { state, actions: [] };
  return change(state, orders, { ends: [], expired }, nowMs);
}

type Orders = Pick<AgentState, "drains" | "pins">;

interface Ends {
  /** By operators. */
  readonly ends: readonly Undrain[];
  /** By the clock. */
  readonly expired: { readonly drains: readonly Drain[]; readonly pins: readonly Pin[] };
}

/** Goes over to `next` in one step: what ends together is decided together. */
function change(state: AgentState, next: Orders, { ends, expired }: Ends, nowMs: number): Step {
  const names = state.index.plan.services.map(({ name }) => name);
  const before = names.map((name) => orderOf(state, name));
  const after = names.map((name) => orderOf(next, name));
  const released = new Set(
    names.flatMap((_, at) => (isDrain(before[at]) && !isDrain(after[at]) ? [at] : [])),
  );
  // The checks must pass again, in attempts begun after the drain's end.
  const checks = state.checks.map((check, at) =>
    released.has(state.index.checks[at]?.service ?? -1)
      ? { ...check, health: unknownHealth(nowMs), countsFromMs: nowMs }
      : check,
  );
  const settled = settle({ ...state, ...next, checks }, nowMs, {
    causeOf: (service) =>
      beginOf(state, next, service) ??
      endOf(ends, [...expired.drains, ...expired.pins], service, {
        ...BY_AGENT,
        actor: "unknown",
      }),
    reordered: new Set(names.filter((_, at) => isReplaced(before[at], after[at]))),
  });
  const expiries = expiriesOf(expired.drains, expired.pins);
  return { state: settled.state, actions: [...settled.actions, ...expiries] };
}

/** The order that a service goes by: a drain beats a pin. */
function orderOf({ drains, pins }: Orders, service: string): Drain | Pin | undefined {
  return coveringDrains(drains, service)[0] ?? pinOf(pins, service);
}

function isDrain(order: Drain | Pin | undefined): boolean {
  return order !== undefined && "kind" in order;
}

/** What brings a service under its order: the one that is new, else the one that it goes by. */
function beginOf(before: Orders, after: Orders, service: string): Cause | undefined {
  const earlier = coveringDrains(before.drains, service);
  const fresh = coveringDrains(after.drains, service).find(
    (drain) => !earlier.some((one) => isSameOrder(one, drain)),
  );
  const drained = drainCause(fresh ? [fresh] : after.drains, service);
  if (drained !== undefined || earlier.length > 0) return drained;
  const pin = pinOf(after.pins, service);
  return pin && { ...BY_AGENT, actor: pin.by, note: pin.reason, until: pin.until };
}

/** Who ended an order; where nobody did, it was the clock, or somebody removed its file. */
function endOf(
  ends: readonly Undrain[],
  expired: readonly (Drain | Pin)[],
  service: string,
  otherwise: Cause,
): Cause {
  const isAbout = (order: { readonly service: string }) =>
    [service, ALL_SERVICES].includes(order.service);
  const end = ends.find(isAbout);
  if (end !== undefined) return { ...BY_AGENT, actor: end.by, note: end.reason };
  const order = expired.find(isAbout);
  if (order === undefined) return otherwise;
  return { ...BY_AGENT, actor: "schedule", note: order.reason, until: order.until };
}

function isReplaced(before: Drain | Pin | undefined, after: Drain | Pin | undefined): boolean {
  return before !== undefined && after !== undefined && !isSameOrder(before, after);
}

function isSameOrder(before: Drain | Pin, after: Drain | Pin): boolean {
  const keys = ["service", "by", "reason", "since", "until"] as const;
  return keys.every((key) => before[key] === after[key]);
}
