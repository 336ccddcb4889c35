/** The decision about one service: a state and the word that says why. */
import type { Require } from "../config/plan.ts";
import type { Verdict } from "./health.ts";

/** States of a service; the first that matches wins, in this order. */
export type State =
  | "stopping"
  | "draining"
  | "drained"
  | "pinned"
  | "held"
  | "starting"
  | "down"
  | "rising"
  | "degraded"
  | "up";

/** Why a service is in its state. */
export type StateReason =
  | "stopping"
  | "operator-drain"
  | "maintenance-window"
  | "pinned"
  | "flapping"
  | "check-unknown"
  | "check-down"
  | "min-up-time"
  | "check-degraded"
  | "all-checks-up"
  | "enough-checks-up";

export interface Decision {
  readonly state: State;
  readonly reason: StateReason;
}

/** Everything that a decision depends on. */
export interface Circumstances {
  readonly stopping: boolean;
  /** `unreadable`: none is known, but nobody could read all. */
  readonly drain: DrainCircumstance | "none" | "unreadable";
  readonly isPinned: boolean;
  readonly require: Require;
  readonly verdicts: readonly Verdict[];
  /** States that the service may not enter, because a hold is not over. */
  readonly heldInsteadOf: readonly State[];
}

/** The drain that a service stands under. */
export interface DrainCircumstance {
  readonly reason: "operator-drain" | "maintenance-window";
  /** Whether it is announced now, and the time to announce `draining` is not over. */
  readonly isStaged: boolean;
}

/** Decides about one service. */
export function decide(circumstances: Circumstances): Decision {
  const decision = decideUnheld(circumstances);
  return circumstances.heldInsteadOf.includes(decision.state)
    ? { state: "held", reason: "flapping" }
    : decision;
}

function decideUnheld(circumstances: Circumstances): Decision {
  const { stopping, drain, isPinned, require, verdicts } = circumstances;
  if (stopping) return { state: "stopping", reason: "stopping" };
  const met = requirement(require, verdicts);
  if (typeof drain === "object") {
    // Clients are not led away gently from a service that is dead; of one that is pinned nobody knows that.
    const stays = drain.isStaged && (isPinned || met !== "unmet");
    return { state: stays ? "draining" : "drained", reason: drain.reason };
  }
  if (isPinned) {
    // It may be drained for all that anybody knows.
    return drain === "unreadable"
      ? { state: "starting", reason: "check-unknown" }
      : { state: "pinned", reason: "pinned" };
  }
  switch (met) {
    case "unknown":
      return { state: "starting", reason: "check-unknown" };
    case "unmet":
      return { state: "down", reason: "check-down" };
    case "met":
      if (drain === "unreadable") return { state: "starting", reason: "check-unknown" };
      return verdicts.every((verdict) => verdict === "up")
        ? { state: "up", reason: "all-checks-up" }
        : { state: "up", reason: "enough-checks-up" };
  }
}

/** Three-valued: `unknown` only while the checks without a verdict could change the outcome. */
function requirement(require: Require, verdicts: readonly Verdict[]): "met" | "unmet" | "unknown" {
  const needed = neededOf(require, verdicts.length);
  const up = verdicts.filter((verdict) => verdict === "up").length;
  const unknown = verdicts.filter((verdict) => verdict === "unknown").length;
  // A service without checks (known only from its owned prefixes) can be drained but never judged.
  if (verdicts.length === 0) return "unknown";
  if (up >= needed) return "met";
  return up + unknown < needed ? "unmet" : "unknown";
}

/** How many of `checks` checks must be up. */
export function neededOf(require: Require, checks: number): number {
  if (require === "all" || require === "any") return require === "all" ? checks : 1;
  return "atLeast" in require ? require.atLeast : require.weight;
}
