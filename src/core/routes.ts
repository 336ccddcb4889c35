/** Routes as the difference between what the states want and what ExaBGP was told. */
import type { Route } from "exabgp-ts-bridge";
import type { DriftKind } from "./drift.ts";
import { leave, type Leaving } from "./narrow.ts";
import type { Wish } from "./wishes.ts";

/** What is known about one prefix. */
export interface RouteState {
  /** The last command for it in this life of the agent; `unknown` before the first. */
  readonly told: "announced" | "withdrawn" | "unknown";
  /** `failed`: ExaBGP refused the command or did not answer; `none`: no command yet. */
  readonly answer: "none" | "pending" | "done" | "failed";
  /** Number of the last command; an answer to an earlier one says nothing about now. */
  readonly change: number;
  /** What was last announced and is not surely withdrawn: the prefix is owned while this is set. */
  readonly owned: OwnedRoute | undefined;
  /** When a failed command is tried again, milliseconds on the monotonic clock. */
  readonly retryAtMs: number | undefined;
  /** How often in a row the command has failed. */
  readonly failures: number;
  /** When the last command was answered, or what stands for it was found; on the monotonic clock. */
  readonly answeredAtMs: number | undefined;
  /** Nothing was said about it in this life of the agent: it was found with ExaBGP. */
  readonly isAdopted: boolean;
  /** The last command took from one neighbor what is to be announced to it anew. */
  readonly isHalfMended: boolean;
  /** The last command takes the prefix from some neighbors; then it is announced to those that are to have it. */
  readonly leaving?: Leaving | undefined;
}

/** A route that was announced, perhaps by a previous life of the agent, and whose it was. */
export interface OwnedRoute extends Owner {
  readonly route: Route;
  /** That life wrote its withdrawal, and did not live to hear the answer. */
  readonly isWithdrawn?: boolean;
}

/** Who names a prefix, and how they decide about it together. */
export interface Owner {
  readonly services: readonly string[];
  readonly shared: "all" | "any";
}

/** A line for ExaBGP. `change` comes back with its answer. */
export interface Command {
  readonly type: "announce" | "withdraw";
  readonly route: Route;
  readonly change: number;
  /** The decision it belongs to; undefined when a failed command is repeated. */
  readonly decision: number | undefined;
  /** What a withdrawal is to mend: what was told stands. */
  readonly mends?: DriftKind;
  /** Some neighbors are to lose the prefix: it stays announced. */
  readonly leaving?: Leaving;
}

/**
 * How long a command that ExaBGP refused or did not answer rests. An announcement that was refused once will be
 * refused again.
 */
const ANNOUNCE_RETRY_MS = 10_000;

/**
 * A withdrawal rests only so long that a busy ExaBGP is not flooded, because traffic goes to a dead service
 * meanwhile: a second, and twice as long each time up to half a minute, because what was refused often is no accident.
 */
const WITHDRAW_RETRY_MS = 1000;
const WITHDRAW_RETRY_MAX_MS = 30_000;

export const UNTOLD: RouteState = {
  told: "unknown",
  answer: "none",
  change: 0,
  owned: undefined,
  retryAtMs: undefined,
  failures: 0,
  answeredAtMs: undefined,
  isAdopted: false,
  isHalfMended: false,
};

/** What is known of a prefix that an earlier life announced. A withdrawal without an answer is repeated at once. */
export function afterLife(
  { isWithdrawn = false, ...owned }: OwnedRoute,
  nowMs: number,
): RouteState {
  if (!isWithdrawn) return { ...UNTOLD, owned };
  return { ...UNTOLD, told: "withdrawn", answer: "failed", retryAtMs: nowMs, owned };
}

/** As if it had been withdrawn: nobody can have it, so there is nothing to be said to ExaBGP. */
export function neverAnnounced(route: RouteState, nowMs: number): RouteState {
  return {
    ...route,
    told: "withdrawn",
    answer: "done",
    owned: undefined,
    retryAtMs: undefined,
    answeredAtMs: nowMs,
  };
}

/** Whether ExaBGP holds the prefix, as far as this agent knows: it or an earlier life of it announced it. */
export function isAnnounced({ told, owned }: Pick<RouteState, "told" | "owned">): boolean {
  return owned !== undefined && told !== "withdrawn";
}

/**
 * Which command, if any, brings ExaBGP from what it was told to what is wanted.
 *
 * @param configured What is announced while up, and what is to be announced now if anything is.
 * @param known Names of neighbors, where it is announced to all.
 */
export function difference(
  route: RouteState,
  wanted: Wish["disposition"],
  configured: Route | undefined,
  nowMs: number,
  known: () => readonly string[],
): Pick<Command, "type" | "route" | "leaving"> | undefined {
  const repeat =
    route.answer === "failed" && route.retryAtMs !== undefined && nowMs >= route.retryAtMs;
  if (wanted === "announce" && configured !== undefined) {
    const first = leaveFirst(route, configured, known);
    // What is on its way must arrive: another command would take its place before it is written.
    const isRetried = route.leaving !== undefined || route.told === "withdrawn";
    const isWaiting = route.answer === "pending" || (isRetried && !repeat);
    if (first !== undefined) return isWaiting ? undefined : first;
    const isLeft = route.leaving === undefined;
    const held = route.told === "announced" && isLeft && sameRoute(route.owned?.route, configured);
    return held && !repeat ? undefined : { type: "announce", route: configured };
  }
  // A withdrawal that failed is repeated even when nobody wants anything now; an announcement is not.
  const lost = route.told === "withdrawn" && repeat;
  if (!lost && (wanted !== "withdraw" || route.told === "withdrawn")) return undefined;
  // With exactly the attributes last announced: ExaBGP orders the changes of one turn per attribute set.
  const last = route.owned?.route ?? configured;
  return last === undefined ? undefined : { type: "withdraw", route: last };
}

/** The withdrawal at neighbors that are not to have `configured`. */
function leaveFirst(
  { owned, told }: RouteState,
  configured: Route,
  known: () => readonly string[],
): Pick<Command, "type" | "route" | "leaving"> | undefined {
  // What everybody has and is to keep is the way of nearly all.
  if (owned === undefined || configured.neighbors === undefined) return undefined;
  const first = leave(owned, configured, known());
  if (first === undefined) return undefined;
  // A withdrawal that nobody has confirmed is repeated as it was.
  return told === "withdrawn"
    ? { type: "withdraw", route: owned.route }
    : { type: "withdraw", ...first };
}

/** The route's state once `command` has been handed to ExaBGP. */
export function afterCommand(route: RouteState, command: Command, owner: Owner): RouteState {
  const base = {
    ...route,
    answer: "pending",
    change: command.change,
    retryAtMs: undefined,
    leaving: command.leaving,
  } as const;
  if (command.leaving !== undefined) return base;
  if (command.mends !== undefined) {
    const isKept = route.told === "announced";
    const owned = isKept ? route.owned : { route: command.route, ...owner };
    return { ...base, owned, isHalfMended: command.mends === "unsent" };
  }
  const announced = command.type === "announce";
  const told = announced ? "announced" : "withdrawn";
  return {
    ...base,
    told,
    owned: announced ? { route: command.route, ...owner } : route.owned,
    failures: told === route.told ? route.failures : 0,
    isAdopted: false,
    isHalfMended: false,
  };
}

/**
 * The route's state once ExaBGP has answered, or failed to answer, its last command.
 *
 * @param refused ExaBGP itself did: a withdrawal for named neighbors only when it knows none of them, and then it
 * holds nothing for them.
 */
export function afterAnswer(
  route: RouteState,
  isDone: boolean,
  nowMs: number,
  refused = false,
): RouteState {
  const answered = { ...route, answeredAtMs: nowMs };
  const isNamed = (route.leaving ?? route.owned?.route)?.neighbors !== undefined;
  const isWithdrawal = route.told === "withdrawn" || route.leaving !== undefined;
  const done = isDone || (refused && isNamed && isWithdrawal);
  if (done && route.leaving !== undefined) return afterLeaving(answered, route.leaving, nowMs);
  // The second half is the announcement, which is repeated now.
  if (route.isHalfMended) {
    return { ...answered, answer: "failed", retryAtMs: nowMs, isHalfMended: false };
  }
  if (!done) {
    const failures = route.failures + 1;
    const verb = route.leaving === undefined ? route.told : "withdrawn";
    const retryAtMs = nowMs + retryMs(verb, failures);
    return { ...answered, answer: "failed", failures, retryAtMs };
  }
  const owned = route.told === "withdrawn" ? undefined : route.owned;
  return { ...answered, answer: "done", failures: 0, owned };
}

/** The second half is the announcement to those who are to have it. */
function afterLeaving(route: RouteState, { stays }: Leaving, nowMs: number): RouteState {
  const left = { ...route, failures: 0, leaving: undefined } as const;
  return stays === undefined || route.owned === undefined
    ? { ...left, told: "withdrawn", answer: "done", owned: undefined }
    : {
        ...left,
        told: "announced",
        answer: "failed",
        retryAtMs: nowMs,
        owned: { ...route.owned, route: stays },
      };
}

function retryMs(told: RouteState["told"], failures: number): number {
  if (told !== "withdrawn") return ANNOUNCE_RETRY_MS;
  return Math.min(WITHDRAW_RETRY_MS * 2 ** (failures - 1), WITHDRAW_RETRY_MAX_MS);
}

/** Both routes are normalized, with their keys in one order: the configuration and owned.json see to that. */
function sameRoute(a: Route | undefined, b: Route | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  // Each tick looks at all: what was announced is what is configured, or was so before a reload.
  if (a === b || SAME.get(a) === b) return true;
  const isSame = JSON.stringify(a) === JSON.stringify(b);
  if (isSame) SAME.set(a, b);
  return isSame;
}

/** What a route was last found to be the same as. */
const SAME = new WeakMap<Route, Route>();
