/** Drains and pins come, go, and end by themselves. */
import { unknownHealth } from "./health.ts";
import { clearedBy, clearersOf, forget, nextHoldEndMs } from "./holds.ts";
import type { Drain, Input, Pin, Transition, Undrain } from "./inputs.ts";
import { coveringDrains, expiriesOf, partExpired, pinOf, reasonOf, stageEndMs } from "./orders.ts";
import { riseEndMs } from "./rising.ts";
import { BY_AGENT, settle, type Cause } from "./settle.ts";
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

/** What happens by the passing of time: drains, pins and holds end, and `draining` becomes `drained`. */
export function stepTime(state: AgentState, nowMs: number): Step {
  const drains = partExpired(state.drains, nowMs);
  const pins = partExpired(state.pins, nowMs);
  const orders = { drains: drains.standing, pins: pins.standing };
  const expired = { drains: drains.over, pins: pins.over };
  const isDue = state.services.some(
    (service, at) =>
      (service.state === "draining" && (stageEndMs(state, at) ?? nowMs) <= nowMs) ||
      (riseEndMs(state, at) ?? Infinity) <= nowMs,
  );
  const isHoldOver = (nextHoldEndMs(state) ?? Infinity) <= nowMs;
  if (!isDue && !isHoldOver && drains.over.length === 0 && pins.over.length === 0)
    return { state, actions: [] };
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
  const before = names.map((name) => ordersOf(state, name));
  const after = names.map((name) => ordersOf(next, name));
  const released = new Set(
    names.flatMap((_, at) =>
      before[at]?.some(isDrain) === true && after[at]?.some(isDrain) !== true ? [at] : [],
    ),
  );
  // The checks must pass again, in attempts begun after the drain's end.
  const checks = state.checks.map((check, at) =>
    released.has(state.index.checks[at]?.service ?? -1)
      ? { ...check, health: unknownHealth(nowMs), countsFromMs: nowMs }
      : check,
  );
  const cleared = clearedBy(state, ends);
  const clearers = clearersOf(state, cleared);
  const flaps = forget(state.flaps, cleared);
  const services = state.services.map((service, at) =>
    released.has(at) ? { ...service, metSinceMs: undefined } : service,
  );
  const settled = settle({ ...state, ...next, checks, services, flaps }, nowMs, {
    causeOf: (service) => {
      const clearer = clearers.get(service);
      const [was, is] = [ordersOf(state, service), ordersOf(next, service)];
      return clearer !== undefined && newsOf(was, is) === undefined
        ? { ...BY_AGENT, actor: clearer.by, note: clearer.reason }
        : causeOf(was, is, { ends, expired });
    },
    reordered: new Map(
      names.flatMap((name, at) => {
        const reason =
          newsOf(before[at] ?? [], after[at] ?? []) ??
          (clearers.has(name) ? ("hold-cleared" as const) : undefined);
        return reason === undefined ? [] : [[name, reason] as const];
      }),
    ),
  });
  const expiries = expiriesOf(expired.drains, expired.pins);
  return { state: settled.state, actions: [...settled.actions, ...expiries] };
}

/** The orders that a service stands under, the one that it goes by first: a drain beats a pin. */
function ordersOf({ drains, pins }: Orders, service: string): readonly (Drain | Pin)[] {
  const pin = pinOf(pins, service);
  return [...coveringDrains(drains, service), ...(pin === undefined ? [] : [pin])];
}

function isDrain(order: Drain | Pin): order is Drain {
  return "kind" in order;
}

/** Who brought it about: a new order, else the end of one, else the order that the service goes by. */
function causeOf(
  before: readonly (Drain | Pin)[],
  after: readonly (Drain | Pin)[],
  { ends, expired }: Ends,
): Cause {
  const [current] = after;
  const fresh = missingIn(before, after);
  if (fresh !== undefined) return byOrder(fresh);
  const gone = missingIn(after, before);
  if (gone === undefined) return current === undefined ? BY_AGENT : byOrder(current);
  const end = endOf(gone, ends, [...expired.drains, ...expired.pins]);
  return current === undefined ? end : { ...end, until: current.until };
}

/** What has happened to the orders of a service that stays in its state; undefined: nothing. */
function newsOf(
  before: readonly (Drain | Pin)[],
  after: readonly (Drain | Pin)[],
): Transition["reason"] | undefined {
  const fresh = missingIn(before, after);
  if (fresh !== undefined) return isDrain(fresh) ? reasonOf(fresh) : "pinned";
  const gone = missingIn(after, before);
  return gone && (isDrain(gone) ? "undrained" : "unpinned");
}

/** The first of `orders` that `others` do not have. */
function missingIn(
  others: readonly (Drain | Pin)[],
  orders: readonly (Drain | Pin)[],
): Drain | Pin | undefined {
  return orders.find((order) => !others.some((other) => isSameOrder(order, other)));
}

function byOrder({ by, reason, until }: Drain | Pin): Cause {
  return { ...BY_AGENT, actor: by, note: reason, until };
}

/** Who ended `gone`; where nobody did, it was the clock, or somebody removed its file. */
function endOf(
  gone: Drain | Pin,
  ends: readonly Undrain[],
  expired: readonly (Drain | Pin)[],
): Cause {
  const isWindow = isDrain(gone) && gone.kind === "window";
  const end = isWindow ? undefined : ends.find(({ service }) => service === gone.service);
  if (end !== undefined) return { ...BY_AGENT, actor: end.by, note: end.reason };
  if (!expired.some((order) => isSameOrder(order, gone))) return { ...BY_AGENT, actor: "unknown" };
  return { ...BY_AGENT, actor: "schedule", note: gone.reason, until: gone.until };
}

function isSameOrder(one: Drain | Pin, other: Drain | Pin): boolean {
  if (isDrain(one) !== isDrain(other)) return false;
  const keys = ["service", "by", "reason", "since", "until"] as const;
  return keys.every((key) => one[key] === other[key]);
}
