/** Metrics of services: states, routes, orders, checks. */
import type { State } from "../../core/decide.ts";
import { heldUntilMs } from "../../core/holds.ts";
import { coveringDrains, pinOf } from "../../core/orders.ts";
import type { RouteState } from "../../core/routes.ts";
import { staleSinceMs } from "../../core/stale.ts";
import type { AgentState } from "../../core/state.ts";
import type { Moment } from "../../core/status.ts";
import type { CheckMeter } from "./check-meter.ts";
import { type Family } from "./exposition.ts";
import { counters, gauges, type Row } from "./family.ts";
import type { Meter } from "./meter.ts";

/** The compiler sees to it that none is missing. */
const EVERY_STATE: Readonly<Record<State, true>> = {
  stopping: true,
  draining: true,
  drained: true,
  pinned: true,
  held: true,
  starting: true,
  down: true,
  rising: true,
  degraded: true,
  up: true,
};
const STATES = Object.keys(EVERY_STATE);

export function* serviceFamilies(
  state: AgentState,
  meter: Meter,
  moment: Moment,
): Iterable<Family> {
  const meters = meter.checks(state.index);
  yield gauges(
    "anyctl_service_state",
    "1 for the state that a service is in, 0 for every other.",
    ["service", "state"],
    stateRows(state),
  );
  yield gauges(
    "anyctl_route_announced",
    "Whether ExaBGP holds the route as far as this agent knows; a session may be down all the same.",
    ["service", "prefix"],
    routeRows(state),
  );
  yield gauges(
    "anyctl_drain_until_seconds",
    "When a drained service's last drain ends, Unix time; +Inf without an end, absent without a drain.",
    ["service"],
    drainRows(state, moment),
  );
  yield gauges(
    "anyctl_pin_until_seconds",
    "When a service's pin ends, Unix time; absent without a pin.",
    ["service"],
    pinRows(state, moment),
  );
  yield gauges(
    "anyctl_hold_until_seconds",
    "When a held service is judged again, Unix time; absent while it is not held.",
    ["service"],
    holdRows(state, moment),
  );
  yield counters(
    "anyctl_transitions_total",
    "Decisions about a service; those that change no state changed its orders or attributes.",
    ["service", "from", "to", "reason"],
    meter.transitions(state.index),
  );
  yield gauges(
    "anyctl_check_up",
    "A check's verdict; absent before the first.",
    ["service", "check"],
    verdictRows(state, meters),
  );
  yield gauges(
    "anyctl_check_stale",
    "Whether a check has had no result that counts for 60 s, or for three intervals if that is longer.",
    ["service", "check"],
    staleRows(state, meters, moment.nowMs),
  );
  yield counters(
    "anyctl_check_results_total",
    "Attempts by what came of them; an inconclusive one says nothing about the service.",
    ["service", "check", "outcome", "reason"],
    resultRows(meters),
  );
  yield counters(
    "anyctl_check_events_total",
    "What was heard between two polls; an event makes a check be probed at once and decides nothing.",
    ["service", "check", "event"],
    eventRows(meters),
  );
  yield meters.map(({ duration }) => duration);
}

function* stateRows({ index, services }: AgentState): Iterable<Row<"service" | "state">> {
  for (const [at, { name: service }] of index.plan.services.entries()) {
    const current = services[at]?.state;
    for (const state of STATES) yield [{ service, state }, state === current ? 1 : 0];
  }
}

function* routeRows({ index, routes }: AgentState): Iterable<Row<"service" | "prefix">> {
  for (const [prefix, route] of routes) {
    const planned = index.prefixes[index.prefixAt.get(prefix) ?? -1];
    // One that left the configuration belongs to whom it belonged.
    const services =
      planned?.services.map((at) => index.plan.services[at]?.name ?? "") ??
      route.owned?.services ??
      [];
    for (const service of services) yield [{ service, prefix }, isHeld(route) ? 1 : 0];
  }
}

/**
 * An announcement is true until ExaBGP has refused it, a withdrawal only when ExaBGP has said so: the prefix is
 * owned until then.
 */
function isHeld({ told, answer, owned }: RouteState): boolean {
  return told === "announced" ? answer !== "failed" : owned !== undefined;
}

function* drainRows({ index, drains }: AgentState, moment: Moment): Iterable<Row<"service">> {
  for (const { name: service } of index.plan.services) {
    const ends = coveringDrains(drains, service).map(({ endsAtMs }) => endsAtMs ?? Infinity);
    if (ends.length > 0) yield [{ service }, unixSeconds(Math.max(...ends), moment)];
  }
}

function* pinRows({ index, pins }: AgentState, moment: Moment): Iterable<Row<"service">> {
  for (const { name: service } of index.plan.services) {
    const pin = pinOf(pins, service);
    if (pin !== undefined) yield [{ service }, unixSeconds(pin.endsAtMs, moment)];
  }
}

function* holdRows(state: AgentState, moment: Moment): Iterable<Row<"service">> {
  for (const [at, { name: service }] of state.index.plan.services.entries()) {
    const untilMs = heldUntilMs(state, at, moment.nowMs);
    if (untilMs !== undefined) yield [{ service }, unixSeconds(untilMs, moment)];
  }
}

function unixSeconds(atMs: number, { nowMs, wallMs }: Moment): number {
  return Math.round(wallMs + atMs - nowMs) / 1000;
}

function* verdictRows(
  { checks }: AgentState,
  meters: readonly CheckMeter[],
): Iterable<Row<"service" | "check">> {
  for (const [at, { labels }] of meters.entries()) {
    const verdict = checks[at]?.health.verdict ?? "unknown";
    if (verdict !== "unknown") yield [labels, verdict === "up" ? 1 : 0];
  }
}

function* staleRows(
  { index, checks }: AgentState,
  meters: readonly CheckMeter[],
  nowMs: number,
): Iterable<Row<"service" | "check">> {
  for (const [at, { labels }] of meters.entries()) {
    const known = checks[at];
    const planned = index.checks[at]?.check;
    if (known === undefined || planned === undefined) continue;
    yield [labels, staleSinceMs(known, planned, nowMs) === undefined ? 0 : 1];
  }
}

function* resultRows(
  meters: readonly CheckMeter[],
): Iterable<Row<"service" | "check" | "outcome" | "reason">> {
  for (const { results } of meters) yield* results.rows();
}

function* eventRows(meters: readonly CheckMeter[]): Iterable<Row<"service" | "check" | "event">> {
  for (const { events } of meters) yield* events.rows();
}
