/** All that the agent knows and decides from. Never changed in place. */
import type { ConfiguredNeighbor } from "exabgp-ts-bridge";
import type { Result } from "../../checks/probe.ts";
import type { Burst } from "./burst.ts";
import type { Flaps } from "./damping.ts";
import type { Decision } from "./decide.ts";
import type { Drift } from "./drift.ts";
import type { Health } from "./health.ts";
import type { PlanIndex } from "./index-plan.ts";
import type { Action, Drain, HeardWord, Pin } from "./inputs.ts";
import type { RibView } from "./rib.ts";
import type { RouteState } from "./routes.ts";

export interface AgentState {
  readonly index: PlanIndex;
  /** As `index.checks`. */
  readonly checks: readonly CheckState[];
  /** As `index.plan.services`. */
  readonly services: readonly ServiceState[];
  /** By canonical prefix; prefixes that are owned but not configured included. */
  readonly routes: ReadonlyMap<string, RouteState>;
  /** What ExaBGP held when it was last asked; undefined before the first complete answer. */
  readonly rib: RibView | undefined;
  /** ExaBGP's neighbors that may have our routes, as it is configured; undefined: it did not say. */
  readonly neighbors: readonly ConfiguredNeighbor[] | undefined;
  /** The first listing of this life is on its way: nothing is announced before it, or before it is given up. */
  readonly awaitsRib: boolean;
  /** By canonical prefix: what was not as told, and for a while what is again. */
  readonly drifts: ReadonlyMap<string, Drift>;
  /** The prefix of the self-test that is under way. */
  readonly canary: string | undefined;
  /** What holds are reckoned from, earlier lives of the agent included. */
  readonly flaps: Flaps;
  /** All that are known. */
  readonly drains: readonly Drain[];
  /** False while there may be more, because nobody could read them: then nothing new is announced. */
  readonly areDrainsComplete: boolean;
  readonly pins: readonly Pin[];
  readonly stopping: boolean;
  /** Counts decisions. */
  readonly decisions: number;
  /** Counts commands. */
  readonly changes: number;
}

/** What is known about one check. */
export interface CheckState {
  readonly health: Health;
  /** Results of attempts that began before this do not count; milliseconds on the monotonic clock. */
  readonly countsFromMs: number;
  /** When the last attempt that counted began, or the check did; milliseconds on the monotonic clock. */
  readonly countedAtMs: number;
  /** A stall has started its failures anew, and no pass has come since: the next stall does not. */
  readonly isExcused: boolean;
  readonly last: LastResult | undefined;
  /** Undefined while nothing was heard that its results have not settled. */
  readonly burst: Burst | undefined;
  readonly heard: LastEvent | undefined;
}

export interface LastEvent {
  readonly word: HeardWord;
  /** For people: printable ASCII. */
  readonly detail: string;
  /** Milliseconds on the monotonic clock. */
  readonly atMs: number;
}

export interface LastResult {
  readonly result: Result;
  /** When the attempt began, milliseconds on the monotonic clock. */
  readonly startedMs: number;
  readonly elapsedMs: number;
}

export interface ServiceState extends Decision {
  /** What the last state that was not to `leave` wanted; undefined before the first. */
  readonly held: "announce" | "withdraw" | undefined;
  /** When `state` was entered, milliseconds on the monotonic clock. */
  readonly sinceMs: number;
  /** Since when the requirement is met without a break, milliseconds on the monotonic clock; undefined: it is not. */
  readonly metSinceMs: number | undefined;
}

export interface Step {
  readonly state: AgentState;
  readonly actions: readonly Action[];
}
