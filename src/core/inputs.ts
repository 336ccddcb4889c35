/** What goes into the core and what comes out of it. */
import type { Reason, Result } from "../../checks/probe.ts";
import type { Plan } from "../config/plan.ts";
import type { State, StateReason } from "./decide.ts";
import type { Verdict } from "./health.ts";
import type { Command } from "./routes.ts";

/** Who caused a decision: `agent`, `uid:1000(ann)`, `schedule`, or `unknown`. */
export type Actor = string;

/** The drain that covers the whole PoP. */
export const ALL_SERVICES = "_all";

/** An operator's order to leave the anycast set. */
export interface Drain {
  /** A service's name, or `_all`. */
  readonly service: string;
  readonly reason: string;
  readonly by: Actor;
  /** RFC 3339, as far as the file says. */
  readonly since: string | undefined;
  /** Why the file could not be taken at its word; it drains all the same. */
  readonly problem: string | undefined;
}

/** Who ended a drain, where that is known. */
export interface Undrain {
  readonly service: string;
  readonly reason: string;
  readonly by: Actor;
}

export type Input =
  | {
      readonly type: "result";
      /** `SERVICE/CHECK`. */
      readonly check: string;
      readonly result: Result;
      /** When the attempt began, milliseconds on the monotonic clock. */
      readonly startedMs: number;
      readonly elapsedMs: number;
    }
  /** All drains that stand now; one that is missing has ended. */
  | {
      readonly type: "drains";
      readonly drains: readonly Drain[];
      readonly undrains: readonly Undrain[];
    }
  | { readonly type: "reload"; readonly plan: Plan; readonly actor: Actor }
  /** ExaBGP's answer to a command; not `done` means refused or unanswered. */
  | {
      readonly type: "answer";
      readonly prefix: string;
      readonly change: number;
      readonly done: boolean;
    }
  /** Time has passed: failed commands that are due again are repeated. Comes every second or so. */
  | { readonly type: "tick" }
  | { readonly type: "stop"; readonly actor: Actor };

/** One decision about one service, complete but for what happens to its commands. */
export interface Transition {
  readonly type: "transition";
  /** Number of the decision; its commands carry it. */
  readonly decision: number;
  readonly service: string;
  readonly from: State | "removed";
  readonly to: State | "removed";
  /** Besides the reasons of states: a reload changed attributes, or took the service out. */
  readonly reason: StateReason | "reconfigured" | "not-configured";
  readonly actor: Actor;
  readonly note: string;
  /** The check whose result brought it about, without its service; empty when it was none. */
  readonly check: string;
  readonly evidence: { readonly reason: Reason; readonly detail: string } | undefined;
  readonly prefixes: readonly string[];
  /** From the first contrary result to the decision. */
  readonly detectMs: number | undefined;
}

/** A check's verdict changed. */
export interface VerdictChange {
  readonly type: "verdict";
  readonly check: string;
  readonly from: Verdict;
  readonly to: Verdict;
  readonly result: Result;
}

/** The refusal to apply a plan that would withdraw more than half of what is announced. */
export interface Refusal {
  readonly type: "refused";
  readonly reason: "mass-withdrawal";
  readonly actor: Actor;
  /** What would have been withdrawn. */
  readonly prefixes: readonly string[];
  /** How many prefixes are announced. */
  readonly announced: number;
}

export type Action = Command | Transition | VerdictChange | Refusal;
