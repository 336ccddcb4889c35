/** When a check is probed next. */
import type { Timing } from "../config/plan.ts";
import type { CheckState } from "./state.ts";

/**
 * Milliseconds between the starts of the last attempt and the next: `fast-interval` while results contradict
 * the verdict or an event is not settled, `slow-interval` while down, else `interval`.
 */
export function paceOf({ health, burst }: Pick<CheckState, "health" | "burst">, timing: Timing) {
  if (health.against > 0 || burst !== undefined) return timing.fastIntervalMs;
  return health.verdict === "down" ? timing.slowIntervalMs : timing.intervalMs;
}
