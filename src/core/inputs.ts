/** What goes into the core and what comes out of it. */
import type { ConfiguredNeighbor } from "exabgp-ts-bridge";
import type { EventWord } from "../../checks/listen.ts";
import type { Reason, Result } from "../../checks/probe.ts";
import type { Route } from "exabgp-ts-bridge";
import type { Plan } from "../config/plan.ts";
import type { State, StateReason } from "./decide.ts";
import type { Finding, Wire } from "./drift.ts";
import type { Verdict } from "./health.ts";
import type { HeldRoute } from "./rib.ts";
import type { Command } from "./routes.ts";

/** Who caused a decision: `agent`, `uid:1000(ann)`, `schedule`, or `unknown`. */
export type Actor = string;

/** The drain that covers the whole PoP. */
export const ALL_SERVICES = "_all";

/** An order to leave the anycast set: an operator's, or a maintenance window's. */
export interface Drain {
  /** A service's name, or `_all`. */
  readonly service: string;
  readonly kind: "operator" | "window";
  readonly reason: string;
  readonly by: Actor;
  /** RFC 3339, as far as the file says. */
  readonly since: string | undefined;
  /** When it ends by itself, RFC 3339: for people. */
  readonly until: string | undefined;
  /** Why the file could not be taken at its word; it drains all the same. */
  readonly problem: string | undefined;
  /** When it began and when it ends by itself, milliseconds on the monotonic clock. */
  readonly startedMs: number;
  readonly endsAtMs: number | undefined;
  /** How long `draining` is announced; undefined: as the service says. */
  readonly gracefulMs: number | undefined;
  /** Gone after a reboot, and at the next start of ExaBGP. */
  readonly transient: boolean;
}

/** An operator's order to stay in the anycast set whatever the checks say. */
export interface Pin {
  readonly service: string;
  readonly reason: string;
  readonly by: Actor;
  /** RFC 3339. */
  readonly since: string | undefined;
  readonly until: string;
  /** Milliseconds on the monotonic clock. */
  readonly endsAtMs: number;
}

/** Who ended a drain or a pin, where that is known. */
export interface Undrain {
  readonly service: string;
  readonly reason: string;
  readonly by: Actor;
  /** The withdrawals of the prefixes of the service (`_all`: of all) are forgotten, and so its hold ends. */
  readonly clearsHold?: true;
}

/** What was heard; `asked`: somebody wants to know at once. */
export type HeardWord = EventWord | "asked";

/** What became of one command; not `done` means refused or unanswered. */
export interface CommandAnswer {
  readonly prefix: string;
  readonly change: number;
  readonly done: boolean;
  /** Not done because ExaBGP said so. */
  readonly refused?: boolean;
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
  /** Something was heard about the target of a check, or somebody asks for it to be probed now. */
  | {
      readonly type: "event";
      readonly check: string;
      readonly word: HeardWord;
      /** What was heard, for people. */
      readonly detail: string;
    }
  /** The agent stood still until now, and perhaps the whole host did. */
  | { readonly type: "stalled" }
  /** All drains that stand now; one that is missing has ended. */
  | {
      readonly type: "drains";
      readonly drains: readonly Drain[];
      readonly undrains: readonly Undrain[];
      /** Whether those of one place could not be read yet; default: no. */
      readonly isPartial?: boolean;
    }
  /** All pins that stand now. */
  | { readonly type: "pins"; readonly pins: readonly Pin[]; readonly unpins: readonly Undrain[] }
  | {
      readonly type: "reload";
      readonly plan: Plan;
      readonly actor: Actor;
      /** Even if more than half of what is announced is withdrawn. */
      readonly force: boolean;
    }
  /** ExaBGP's answers to commands: those of ten thousand prefixes come together. */
  | { readonly type: "answers"; readonly answers: readonly CommandAnswer[] }
  /** What ExaBGP holds, whole: every route of every neighbor, others' included. */
  | {
      readonly type: "rib";
      /** When it was asked, milliseconds on the monotonic clock. */
      readonly askedMs: number;
      readonly routes: readonly HeldRoute[];
      /** Whether attributes were told: 6.0 tells none. */
      readonly tellsAttributes: boolean;
      readonly wire: Wire;
      /** Whether a command may name neighbors: not with 6.0. */
      readonly selects: boolean;
    }
  /** The neighbors that ExaBGP is configured with; not empty. */
  | { readonly type: "neighbors"; readonly neighbors: readonly ConfiguredNeighbor[] }
  /** ExaBGP does not say what it holds. */
  | { readonly type: "no-rib" }
  /** Time has passed: what is due by `dueMs` happens. Comes every second or so, and then. */
  | { readonly type: "tick" }
  /** A self-test of withdrawal begins; then it is over. */
  | { readonly type: "canary"; readonly route: Route }
  | { readonly type: "canary-over" }
  | { readonly type: "stop"; readonly actor: Actor };

/** One decision about one service, complete but for what happens to its commands. */
export interface Transition {
  readonly type: "transition";
  /** Number of the decision; its commands carry it. */
  readonly decision: number;
  readonly service: string;
  readonly from: State | "removed";
  readonly to: State | "removed";
  /**
   * Besides the reasons of states: a reload changed attributes, or took the service out; an order ended and others
   * keep the service in its state; an operator had its withdrawals forgotten.
   */
  readonly reason:
    | StateReason
    | "reconfigured"
    | "not-configured"
    | "undrained"
    | "unpinned"
    | "hold-cleared";
  readonly actor: Actor;
  readonly note: string;
  /** When the order that brought it about ends by itself, RFC 3339. */
  readonly until: string | undefined;
  /** When the hold is over that it begins, milliseconds on the monotonic clock. */
  readonly heldUntilMs?: number;
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

/** What ExaBGP holds, or has sent, is not as it was told: something of it is new, or is mended now. */
export interface DriftReport {
  readonly type: "drift";
  /** Number of the decision to mend it; its commands carry it. */
  readonly decision: number;
  readonly drifts: readonly { readonly prefix: string; readonly findings: readonly Finding[] }[];
}

/** A drain or pin has ended by itself: its file is to be removed. */
export interface Expiry {
  readonly type: "expired";
  readonly order: "drain" | "pin";
  readonly service: string;
  readonly transient: boolean;
}

export type Action = Command | Transition | VerdictChange | Refusal | DriftReport | Expiry;
