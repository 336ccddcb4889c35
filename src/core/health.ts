/** What is believed about one check, and how one more result changes it. */
import type { Outcome } from "../../checks/probe.ts";

export type Verdict = "unknown" | "up" | "down";

/** What is believed about one check. */
export interface Health {
  /** `unknown` from start, and from the end of a drain, until `rise` passes or `fall` failures in a row. */
  readonly verdict: Verdict;
  /** Results in a row that contradict `verdict`. One that agrees resets it to 0. */
  readonly against: number;
  /** Which verdict the results in a row speak for; only of use while `against` is above 0. */
  readonly towards: "up" | "down";
  /** When the first of those results came, milliseconds on the monotonic clock. */
  readonly againstSinceMs: number;
  /** When `verdict` last changed, milliseconds on the monotonic clock. */
  readonly sinceMs: number;
}

/** Results in a row that a change of verdict needs; both at least 1. */
export interface Thresholds {
  readonly rise: number;
  readonly fall: number;
}

/** A check that has not been judged yet. */
export function unknownHealth(nowMs: number): Health {
  return { verdict: "unknown", against: 0, towards: "down", againstSinceMs: nowMs, sinceMs: nowMs };
}

/**
 * Folds one result into the health of its check. `rise` and `fall` count from `unknown` too, and there a result
 * of the other kind starts the count anew. An inconclusive result never counts: the same object comes back.
 */
export function stepHealth(
  health: Health,
  outcome: Outcome,
  { rise, fall }: Thresholds,
  nowMs: number,
): Health {
  if (outcome === "inconclusive") return health;
  const towards = outcome === "pass" ? "up" : "down";
  if (health.verdict === towards) return health.against === 0 ? health : { ...health, against: 0 };
  const continues = health.against > 0 && health.towards === towards;
  const against = continues ? health.against + 1 : 1;
  const againstSinceMs = continues ? health.againstSinceMs : nowMs;
  return against >= (towards === "up" ? rise : fall)
    ? { verdict: towards, against: 0, towards, againstSinceMs, sinceMs: nowMs }
    : { ...health, against, towards, againstSinceMs };
}

/** How far the results in a row are from a new verdict: `1/3`, or nothing when none contradicts. */
export function streak(health: Health, { rise, fall }: Thresholds): string {
  if (health.against === 0) return "";
  return `${health.against}/${health.towards === "up" ? rise : fall}`;
}
