/** The whole of what is decided: one input in, the next state and the actions out. No clock, no I/O. */
import { startBurst, stepBurst } from "./burst.ts";
import { endCanary, startCanary } from "./canary.ts";
import { stepHealth } from "./health.ts";
import type { AgentState, Step } from "./state.ts";
import type { CommandAnswer, Input } from "./inputs.ts";
import { announcedBy, refuseMassWithdrawal } from "./mass-withdrawal.ts";
import { reconcileRoutes } from "./reconcile.ts";
import { configure } from "./configure.ts";
import { afterAnswer, type RouteState } from "./routes.ts";
import { BY_AGENT, settle } from "./settle.ts";
import { stepNeighbors } from "./step-neighbors.ts";
import { endWait, stepRib } from "./step-rib.ts";
import { stepStall } from "./stall.ts";
import { stepDrains, stepPins, stepTime } from "./step-orders.ts";

/** What `input` changes and what is to be done about it. The same state comes back when nothing changed. */
export function step(state: AgentState, input: Input, nowMs: number): Step {
  if (state.stopping) return { state, actions: [] };
  switch (input.type) {
    case "result":
      return stepResult(state, input, nowMs);
    case "event":
      return stepEvent(state, input, nowMs);
    case "stalled":
      return stepStall(state, nowMs);
    case "drains":
      return stepDrains(state, input, nowMs);
    case "pins":
      return stepPins(state, input.pins, input.unpins, nowMs);
    case "reload": {
      const next = configure(state, input.plan, input.actor, nowMs);
      // Not only what the file no longer has: `require: all` in the place of `any` withdraws as much.
      const refusal = input.force
        ? undefined
        : refuseMassWithdrawal(state.routes, announcedBy(next.state.routes), input.actor);
      return refusal === undefined ? next : { state, actions: [refusal] };
    }
    case "rib":
      return stepRib(state, input, nowMs);
    case "neighbors":
      return stepNeighbors(state, input.neighbors, nowMs);
    case "no-rib":
      return endWait(state, nowMs);
    case "answers":
      return stepAnswers(state, input.answers, nowMs);
    case "tick": {
      const timed = stepTime(state, nowMs);
      const repeated = reconcileRoutes(timed.state, undefined, nowMs);
      return { state: repeated.state, actions: [...timed.actions, ...repeated.commands] };
    }
    case "canary":
      return startCanary(state, input.route);
    case "canary-over":
      return endCanary(state);
    case "stop":
      return settle({ ...state, stopping: true }, nowMs, {
        causeOf: () => ({ ...BY_AGENT, actor: input.actor }),
      });
  }
}

function stepResult(
  state: AgentState,
  { check, result, startedMs, elapsedMs }: Extract<Input, { type: "result" }>,
  nowMs: number,
): Step {
  const at = state.index.checkAt.get(check) ?? -1;
  const planned = state.index.checks[at];
  const before = state.checks[at];
  // A check that a reload took away may still have had an attempt under way.
  if (planned === undefined || before === undefined) return { state, actions: [] };
  const counts = startedMs >= before.countsFromMs;
  const health = counts
    ? stepHealth(before.health, result.outcome, planned.check, nowMs)
    : before.health;
  const last = { result, startedMs, elapsedMs };
  const isHeard = before.burst !== undefined && startedMs >= before.burst.sinceMs;
  const burst = isHeard
    ? stepBurst(before.burst, result.outcome, planned.check, before.health, health)
    : before.burst;
  const isCounted = counts && result.outcome !== "inconclusive";
  const known = {
    ...before,
    health,
    last,
    burst,
    countedAtMs: isCounted ? startedMs : before.countedAtMs,
    isExcused: before.isExcused && !(isCounted && result.outcome === "pass"),
  };
  const next = { ...state, checks: state.checks.with(at, known) };
  const from = before.health.verdict;
  if (health.verdict === from) return { state: next, actions: [] };
  const settled = settle(next, nowMs, {
    affected: [planned.service],
    causeOf: () => ({
      ...BY_AGENT,
      check: planned.check.name,
      evidence: { reason: result.reason, detail: result.detail },
      // What an event announced was found out since the event.
      detectMs: nowMs - Math.min(health.againstSinceMs, isHeard ? before.burst.sinceMs : nowMs),
    }),
  });
  return {
    state: settled.state,
    actions: [{ type: "verdict", check, from, to: health.verdict, result }, ...settled.actions],
  };
}

/** An event decides nothing: it makes the next attempts come soon. */
function stepEvent(
  state: AgentState,
  { check, word, detail }: Extract<Input, { type: "event" }>,
  nowMs: number,
): Step {
  const at = state.index.checkAt.get(check) ?? -1;
  const before = state.checks[at];
  if (before === undefined) return { state, actions: [] };
  const burst = startBurst(before.burst, nowMs);
  const next = { ...before, burst, heard: { word, detail, atMs: nowMs } };
  return { state: { ...state, checks: state.checks.with(at, next) }, actions: [] };
}

/** One copy of the routes for all of them. An answer to an earlier command of a prefix says nothing about now. */
function stepAnswers(state: AgentState, answers: readonly CommandAnswer[], nowMs: number): Step {
  let routes: Map<string, RouteState> | undefined;
  const left = new Set<number>();
  for (const { prefix, change, done, refused } of answers) {
    const route = (routes ?? state.routes).get(prefix);
    if (route === undefined || route.change !== change) continue;
    routes ??= new Map(state.routes);
    const after = afterAnswer(route, done, nowMs, refused);
    routes.set(prefix, after);
    if (route.leaving === undefined || after.leaving !== undefined) continue;
    const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
    for (const service of planned?.services ?? []) left.add(service);
  }
  const next = routes === undefined ? state : { ...state, routes };
  if (left.size === 0) return { state: next, actions: [] };
  // Some neighbors have lost a prefix: now those who are to have it get it as it is to be.
  return settle(next, nowMs, { causeOf: () => BY_AGENT, affected: [...left], reconfigured: true });
}
