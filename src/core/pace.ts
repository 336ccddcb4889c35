/** When a check is probed next. */
import type { Timing } from "../config/plan.ts";
import type { Health } from "./health.ts";

/**
 * Milliseconds between the starts of the last attempt and the next: `fast-interval` while results contradict
 * the verdict, `slow-interval` while down, else `interval`.
 */
export function paceOf(health: Health, timing: Timing): number {
  if (health.against > 0) return timing.fastIntervalMs;
  return health.verdict === "down" ? timing.slowIntervalMs : timing.intervalMs;
}
