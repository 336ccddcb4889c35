/** Whether the checks that a service requires are enough: by number or by weight, three-valued, with hysteresis. */
import type { CheckPlan, Require } from "../config/plan.ts";
import type { Verdict } from "./health.ts";

/** What a decision needs to know of one check. */
export interface Judged extends Pick<CheckPlan, "weight" | "advisory"> {
  readonly verdict: Verdict;
}

/** Required checks put on the scales. Where the requirement is no weight, each counts 1. */
export interface Balance {
  readonly up: number;
  readonly unknown: number;
  readonly total: number;
  /** How much of `total` must be up now: less by the hysteresis where the requirement was met before. */
  readonly needed: number;
}

/** `unknown` only while the checks without a verdict could change the outcome. */
export type Met = "met" | "unmet" | "unknown";

/** How much one required check counts. */
export function countOf(require: Require, { weight }: Pick<CheckPlan, "weight">): number {
  return isByWeight(require) ? weight : 1;
}

/** @param wasMet Whether the requirement was met when it was last known: then less is enough to stay. */
export function balance(require: Require, checks: readonly Judged[], wasMet: boolean): Balance {
  const scales = { up: 0, down: 0, unknown: 0 };
  for (const check of checks) {
    if (!check.advisory) scales[check.verdict] += countOf(require, check);
  }
  const { up, down, unknown } = scales;
  const total = up + down + unknown;
  return { up, unknown, total, needed: neededOf(require, total, wasMet) };
}

/** Advisory checks were never on the scales: they do not hold a service up, and do not keep it waiting. */
export function requirement({ up, unknown, total, needed }: Balance): Met {
  // A service without checks (known only from its owned prefixes) can be drained but never judged.
  if (total === 0) return "unknown";
  if (up >= needed) return "met";
  return up + unknown < needed ? "unmet" : "unknown";
}

export function isByWeight(require: Require): require is Extract<Require, { weight: number }> {
  return typeof require === "object" && "weight" in require;
}

function neededOf(require: Require, total: number, wasMet: boolean): number {
  if (require === "all") return total;
  if (require === "any") return 1;
  if ("atLeast" in require) return require.atLeast;
  return wasMet ? require.weight - require.hysteresis : require.weight;
}
