/** The decision about one service: a state and the word that says why. */
import type { Require } from "../config/plan.ts";
import type { Verdict } from "./health.ts";

/** States of a service; the first that matches wins, in this order. */
export type State = "stopping" | "drained" | "starting" | "down" | "up";

/** Why a service is in its state. */
export type StateReason =
  | "stopping"
  | "operator-drain"
  | "check-unknown"
  | "check-down"
  | "all-checks-up"
  | "enough-checks-up";

export interface Decision {
  readonly state: State;
  readonly reason: StateReason;
}

/** Everything that a decision depends on. */
export interface Circumstances {
  readonly stopping: boolean;
  /** undefined: nobody could read the drains. */
  readonly drained: boolean | undefined;
  readonly require: Require;
  readonly verdicts: readonly Verdict[];
}

/** Decides about one service. */
export function decide({ stopping, drained, require, verdicts }: Circumstances): Decision {
  if (stopping) return { state: "stopping", reason: "stopping" };
  if (drained) return { state: "drained", reason: "operator-drain" };
  switch (requirement(require, verdicts)) {
    case "unknown":
      return { state: "starting", reason: "check-unknown" };
    case "unmet":
      return { state: "down", reason: "check-down" };
    case "met":
      if (drained === undefined) return { state: "starting", reason: "check-unknown" };
      return verdicts.every((verdict) => verdict === "up")
        ? { state: "up", reason: "all-checks-up" }
        : { state: "up", reason: "enough-checks-up" };
  }
}

/** Three-valued: `unknown` only while the checks without a verdict could change the outcome. */
function requirement(require: Require, verdicts: readonly Verdict[]): "met" | "unmet" | "unknown" {
  const needed = require === "all" ? verdicts.length : require === "any" ? 1 : require.atLeast;
  const up = verdicts.filter((verdict) => verdict === "up").length;
  const unknown = verdicts.filter((verdict) => verdict === "unknown").length;
  // A service without checks (known only from its owned prefixes) can be drained but never judged.
  if (verdicts.length === 0) return "unknown";
  if (up >= needed) return "met";
  return up + unknown < needed ? "unmet" : "unknown";
}

/** What a state means for the service's prefixes; `leave` keeps whatever ExaBGP holds and adds nothing. */
export type Disposition = "announce" | "withdraw" | "leave";

export function dispositionOf(state: State): Disposition {
  switch (state) {
    case "up":
      return "announce";
    case "down":
    case "drained":
      return "withdraw";
    case "starting":
    case "stopping":
      return "leave";
  }
}

/** One of the services that name a prefix. */
export interface Voice {
  readonly disposition: Disposition;
  /** What it wanted when it last wanted anything; undefined before. */
  readonly held: "announce" | "withdraw" | undefined;
}

/**
 * What several services that name one prefix want together. `all`: announced only while every one of them is
 * (pessimistic withdrawal, RFC 4786 section 4.8.2); `any`: while at least one is.
 *
 * @param isOurs Whether this agent has said anything about the prefix: until then ExaBGP may hold it for any of
 * them, later only for those that wanted it.
 */
export function combine(
  shared: "all" | "any",
  voices: readonly Voice[],
  isOurs: boolean,
): Disposition {
  const dispositions = voices.map(({ disposition }) => disposition);
  if (shared === "all") {
    if (dispositions.includes("withdraw")) return "withdraw";
    return dispositions.every((one) => one === "announce") ? "announce" : "leave";
  }
  if (dispositions.includes("announce")) return "announce";
  const mayHold = voices.some(
    ({ disposition, held }) => disposition === "leave" && (held === "announce" || !isOurs),
  );
  return mayHold ? "leave" : "withdraw";
}
