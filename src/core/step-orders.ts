/** Drains and pins come, go, and end by themselves. */
import { unknownHealth } from "./health.ts";
import { ALL_SERVICES, type Drain, type Pin, type Undrain } from "./inputs.ts";
import { coveringDrains, expiriesOf, partExpired, pinOf, stageEndMs } from "./orders.ts";
import { BY_AGENT, drainCause, settle, type Cause } from "./settle.ts";
import type { AgentState, Step } from "./state.ts";

/** @param drains All that stand, or are over but still there. */
export function stepDrains(
  state: AgentState,
  drains: readonly Drain[],
  undrains: readonly Undrain[],
  nowMs: number,
): Step {
  const { standing, over } = partExpired(drains, nowMs);
  const ended = changeDrains(state, standing, nowMs, (service) => {
    const end = undrains.find((one) => [service, ALL_SERVICES].includes(one.service));
    if (end !== undefined) return { ...BY_AGENT, actor: end.by, note: end.reason };
    return endedByItself(over, service) ?? { ...BY_AGENT, actor: "unknown" };
  });
  return { state: ended.state, actions: [...ended.actions, ...expiriesOf(over, [])] };
}

/** @param pins All that stand, or are over but still there. */
export function stepPins(
  state: AgentState,
  pins: readonly Pin[],
  unpins: readonly Undrain[],
  nowMs: number,
): Step {
  const { standing, over } = partExpired(pins, nowMs);
  const changed = changePins(state, standing, nowMs, (service) => {
    const end = unpins.find((one) => one.service === service);
    if (end !== undefined) return { ...BY_AGENT, actor: end.by, note: end.reason };
    return endedByItself(over, service) ?? { ...BY_AGENT, actor: "unknown" };
  });
  return { state: changed.state, actions: [...changed.actions, ...expiriesOf([], over)] };
}

/** What happens by the passing of time: drains and pins end, and `draining` becomes `drained`. */
export function stepTime(state: AgentState, nowMs: number): Step {
  const drains = partExpired(state.drains ?? [], nowMs);
  const pins = partExpired(state.pins, nowMs);
  const causeOf = (service: string) =>
    endedByItself([...drains.over, ...pins.over], service) ?? BY_AGENT;
  let next = state;
  const actions = [...expiriesOf(drains.over, pins.over)] as Step["actions"][number][];
  const take = (step: Step) => {
    next = step.state;
    actions.push(...step.actions);
  };
  if (pins.over.length > 0) take(changePins(next, pins.standing, nowMs, causeOf));
  if (drains.over.length > 0) take(changeDrains(next, drains.standing, nowMs, causeOf));
  const affected = next.services.flatMap(({ state: current }, at) =>
    current === "draining" && (stageEndMs(next, at) ?? nowMs) <= nowMs ? [at] : [],
  );
  if (affected.length > 0) {
    const cause = (service: string) => drainCause(next.drains, service) ?? BY_AGENT;
    take(settle(next, nowMs, { affected, causeOf: cause }));
  }
  return { state: next, actions };
}

function changeDrains(
  state: AgentState,
  drains: readonly Drain[],
  nowMs: number,
  endOf: (service: string) => Cause,
): Step {
  const names = state.index.plan.services.map(({ name }) => name);
  const before = names.map((name) => coveringDrains(state.drains, name)[0]);
  const after = names.map((name) => coveringDrains(drains, name)[0]);
  const released = new Set(
    names.flatMap((_, at) => (before[at] !== undefined && after[at] === undefined ? [at] : [])),
  );
  // The checks must pass again, in attempts begun after the drain's end.
  const checks = state.checks.map((check, at) =>
    released.has(state.index.checks[at]?.service ?? -1)
      ? { ...check, health: unknownHealth(nowMs), countsFromMs: nowMs }
      : check,
  );
  const reordered = names.filter((_, at) => isReplaced(before[at], after[at]));
  return settle({ ...state, drains, checks }, nowMs, {
    causeOf: (service) => {
      const earlier = coveringDrains(state.drains, service);
      const fresh = coveringDrains(drains, service).find(
        (drain) => !earlier.some((one) => isSameOrder(one, drain)),
      );
      return drainCause(fresh && [fresh], service) ?? drainCause(drains, service) ?? endOf(service);
    },
    reordered: new Set(reordered),
  });
}

function changePins(
  state: AgentState,
  pins: readonly Pin[],
  nowMs: number,
  endOf: (service: string) => Cause,
): Step {
  const names = state.index.plan.services.map(({ name }) => name);
  const reordered = names.filter((name) => isReplaced(pinOf(state.pins, name), pinOf(pins, name)));
  const moved = names.flatMap((name, at) =>
    pinOf(state.pins, name) === pinOf(pins, name) ? [] : [at],
  );
  return settle({ ...state, pins }, nowMs, {
    affected: moved,
    causeOf: (service) => {
      const drained = drainCause(state.drains, service);
      const pin = pinOf(pins, service);
      if (drained !== undefined || pin === undefined) return drained ?? endOf(service);
      return { ...BY_AGENT, actor: pin.by, note: pin.reason, until: pin.until };
    },
    reordered: new Set(reordered),
  });
}

function isReplaced(before: Drain | Pin | undefined, after: Drain | Pin | undefined): boolean {
  return before !== undefined && after !== undefined && !isSameOrder(before, after);
}

function isSameOrder(before: Drain | Pin, after: Drain | Pin): boolean {
  const keys = ["service", "by", "reason", "since", "until"] as const;
  return keys.every((key) => before[key] === after[key]);
}

/** Nobody did it: the clock. */
function endedByItself(over: readonly (Drain | Pin)[], service: string): Cause | undefined {
  const order = over.find((one) => [service, ALL_SERVICES].includes(one.service));
  return order && { ...BY_AGENT, actor: "schedule", note: order.reason, until: order.until };
}
