/** Whether anybody knows how a service is: a check that cannot be judged keeps its verdict, and says so. */
import type { CheckPlan } from "../config/plan.ts";
import type { CheckState } from "./state.ts";

/** Without a result that counts for this long nobody knows how a service is. */
const STALE_MS = 60_000;

/** A check that is made rarely is stale only when several attempts are missing. */
const STALE_INTERVALS = 3;

/** Between two attempts, whatever the verdict is; milliseconds. */
export function longestIntervalMs({ timing }: Pick<CheckPlan, "timing">): number {
  return Math.max(timing.intervalMs, timing.slowIntervalMs);
}

/** Since when nothing has counted, milliseconds on the monotonic clock; undefined: not for too long. */
export function staleSinceMs(
  { countedAtMs }: Pick<CheckState, "countedAtMs">,
  check: Pick<CheckPlan, "timing">,
  nowMs: number,
): number | undefined {
  const limitMs = Math.max(STALE_MS, STALE_INTERVALS * longestIntervalMs(check));
  return nowMs - countedAtMs > limitMs ? countedAtMs : undefined;
}
