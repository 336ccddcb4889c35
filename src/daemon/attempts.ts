/** One result's way: into the core, into the log, and back to the scheduler as the time of the next attempt. */
import type { Attempt } from "../../checks/attempt.ts";
import type { CheckPlan } from "../config/plan.ts";
import { streak, type Health } from "../core/health.ts";
import { paceOf } from "../core/pace.ts";
import type { CheckState } from "../core/state.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";

/** Takes one result. @returns See `SchedulerOptions.attempted`. */
export function takeAttempt(check: CheckPlan, made: Attempt, loop: Loop, log: Log): number {
  const before = stateOf(loop, check);
  const { result, startedMs, elapsedMs } = made;
  loop.dispatch({ type: "result", check: check.id, result, startedMs, elapsedMs });
  const after = stateOf(loop, check);
  // Behind the line that the bridge writes in the next microtask.
  queueMicrotask(() => logResult(check, made, before, after?.health, log));
  return after === undefined ? check.timing.intervalMs : paceOf(after, check.timing);
}

/** `debug` each result; a failure aloud only while it may still lead to a verdict, not at every interval. */
function logResult(
  check: CheckPlan,
  { result, elapsedMs, error }: Attempt,
  before: CheckState | undefined,
  health: Health | undefined,
  log: Log,
): void {
  const { outcome, reason, detail } = result;
  const fields = {
    check: check.id,
    outcome,
    reason,
    detail,
    elapsedMs: Math.round(elapsedMs * 10) / 10,
    ...(health && { streak: streak(health, check) }),
  };
  if (error !== undefined) log.error({ ...fields, err: error }, "probe threw");
  const news = before?.last?.result.outcome !== outcome;
  if (outcome === "fail" && before?.health.verdict !== "down") log.warn(fields, "check failed");
  else if (outcome === "inconclusive" && news) log.warn(fields, "check inconclusive");
  else log.debug(fields, "check result");
}

function stateOf({ state }: Loop, check: CheckPlan): CheckState | undefined {
  return state.checks[state.index.checkAt.get(check.id) ?? -1];
}
