/** The decision about one service: a state and the word that says why. */
import type { Verdict } from "./health.ts";
import type { Met } from "./requirement.ts";

/**
 * States of a service; the first that matches wins, in this order. `held` matches from when the checks would have the
 * service back to the end of the hold, whatever they say in between: until then a dead service is `down`.
 */
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
  /** Whether an earlier life may have left routes with ExaBGP, which is being asked for them. */
  readonly isRibAwaited: boolean;
  readonly isPinned: boolean;
  /** Whether the required checks are enough. */
  readonly met: Met;
  /** Whether they have not been enough for long enough. */
  readonly isRising: boolean;
  /** All of them, advisory ones included. */
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

const STARTING: Decision = { state: "starting", reason: "check-unknown" };

/** Decides about one service. */
export function decide(circumstances: Circumstances): Decision {
  const decision = decideUnheld(circumstances);
  return circumstances.heldInsteadOf.includes(decision.state)
    ? { state: "held", reason: "flapping" }
    : decision;
}

function decideUnheld(circumstances: Circumstances): Decision {
  const { stopping, drain, isPinned, met, isRising, verdicts } = circumstances;
  if (stopping) return { state: "stopping", reason: "stopping" };
  if (typeof drain === "object") {
    // Clients are not led away gently from a service that is dead; of one that is pinned nobody knows that.
    const stays = drain.isStaged && (isPinned || met !== "unmet");
    return { state: stays ? "draining" : "drained", reason: drain.reason };
  }
  // It may be drained, or there with all attributes, for all that anybody knows.
  const isOpen = drain === "unreadable" || circumstances.isRibAwaited;
  if (isPinned) return isOpen ? STARTING : { state: "pinned", reason: "pinned" };
  if (met === "unknown") return STARTING;
  if (met === "unmet") return { state: "down", reason: "check-down" };
  if (isOpen) return STARTING;
  if (isRising) return { state: "rising", reason: "min-up-time" };
  // An advisory check, or a spare one.
  if (verdicts.includes("down")) return { state: "degraded", reason: "check-degraded" };
  const isWhole = verdicts.every((verdict) => verdict === "up");
  return { state: "up", reason: isWhole ? "all-checks-up" : "enough-checks-up" };
}
