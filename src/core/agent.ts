/** The whole of what is decided: one input in, the next state and the actions out. No clock, no I/O. */
import { stepHealth, unknownHealth } from "./health.ts";
import { coveringDrain, type AgentState, type Step } from "./state.ts";
import { ALL_SERVICES, type Drain, type Input, type Undrain } from "./inputs.ts";
import { refuseMassWithdrawal } from "./mass-withdrawal.ts";
import { reconcileRoutes } from "./reconcile.ts";
import { configure } from "./configure.ts";
import { afterAnswer } from "./routes.ts";
import { BY_AGENT, drainCause, settle } from "./settle.ts";

/** What `input` changes and what is to be done about it. The same state comes back when nothing changed. */
export function step(state: AgentState, input: Input, nowMs: number): Step {
  if (state.stopping) return { state, actions: [] };
  switch (input.type) {
    case "result":
      return stepResult(state, input, nowMs);
    case "drains":
      return stepDrains(state, input.drains, input.undrains, nowMs);
    case "reload": {
      const refusal = refuseMassWithdrawal(state.routes, input.plan, input.actor);
      return refusal === undefined
        ? configure(state, input.plan, input.actor, nowMs)
        : { state, actions: [refusal] };
    }
    case "answer":
      return stepAnswer(state, input, nowMs);
    case "tick": {
      const { state: next, commands: actions } = reconcileRoutes(state, undefined, nowMs);
      return { state: next, actions };
    }
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
  const next = { ...state, checks: state.checks.with(at, { ...before, health, last }) };
  const from = before.health.verdict;
  if (health.verdict === from) return { state: next, actions: [] };
  const settled = settle(next, nowMs, {
    affected: [planned.service],
    causeOf: () => ({
      ...BY_AGENT,
      check: planned.check.name,
      evidence: { reason: result.reason, detail: result.detail },
      detectMs: nowMs - health.againstSinceMs,
    }),
  });
  return {
    state: settled.state,
    actions: [{ type: "verdict", check, from, to: health.verdict, result }, ...settled.actions],
  };
}

function stepDrains(
  state: AgentState,
  drains: readonly Drain[],
  undrains: readonly Undrain[],
  nowMs: number,
): Step {
  const released = new Set(
    state.index.plan.services.flatMap(({ name }, at) =>
      coveringDrain(state.drains, name) !== undefined && coveringDrain(drains, name) === undefined
        ? [at]
        : [],
    ),
  );
  // The checks must pass again, in attempts begun after the drain's end.
  const checks = state.checks.map((check, at) =>
    released.has(state.index.checks[at]?.service ?? -1)
      ? { ...check, health: unknownHealth(nowMs), countsFromMs: nowMs }
      : check,
  );
  return settle({ ...state, drains, checks }, nowMs, {
    causeOf: (service) => {
      const drained = drainCause(drains, service);
      if (drained !== undefined) return drained;
      const undrain = undrains.find((end) => [service, ALL_SERVICES].includes(end.service));
      return { ...BY_AGENT, actor: undrain?.by ?? "unknown", note: undrain?.reason ?? "" };
    },
  });
}

function stepAnswer(
  state: AgentState,
  { prefix, change, done }: Extract<Input, { type: "answer" }>,
  nowMs: number,
): Step {
  const route = state.routes.get(prefix);
  if (route === undefined || route.change !== change) return { state, actions: [] };
  const routes = new Map(state.routes).set(prefix, afterAnswer(route, done, nowMs));
  return { state: { ...state, routes }, actions: [] };
}
