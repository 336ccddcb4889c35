/** Routes as the difference between what the states want and what ExaBGP was told. */
import type { Route } from "exabgp-ts-bridge";
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
}

/**
 * How long a command that ExaBGP refused or did not answer rests. A withdrawal only so long that a busy ExaBGP is
 * not flooded, because traffic goes to a dead service meanwhile; an announcement that was refused once will be
 * refused again.
 */
const RETRY_MS = { announced: 10_000, withdrawn: 1000, unknown: 10_000 } as const;

export const UNTOLD: RouteState = {
  told: "unknown",
  answer: "none",
  change: 0,
  owned: undefined,
  retryAtMs: undefined,
};

/** What is known of a prefix that an earlier life announced. A withdrawal without an answer is repeated at once. */
export function afterLife(
  { isWithdrawn = false, ...owned }: OwnedRoute,
  nowMs: number,
): RouteState {
  if (!isWithdrawn) return { ...UNTOLD, owned };
  return { ...UNTOLD, told: "withdrawn", answer: "failed", retryAtMs: nowMs, owned };
}

/** Whether ExaBGP holds the prefix, as far as this agent knows: it or an earlier life of it announced it. */
export function isAnnounced({ told, owned }: Pick<RouteState, "told" | "owned">): boolean {
  return owned !== undefined && told !== "withdrawn";
}

/**
 * Which command, if any, brings ExaBGP from what it was told to what is wanted.
 *
 * @param configured What is announced while up, and what is to be announced now if anything is.
 */
export function difference(
  route: RouteState,
  wanted: Wish["disposition"],
  configured: Route | undefined,
  nowMs: number,
): { type: "announce" | "withdraw"; route: Route } | undefined {
  const repeat =
    route.answer === "failed" && route.retryAtMs !== undefined && nowMs >= route.retryAtMs;
  if (wanted === "announce" && configured !== undefined) {
    const held = route.told === "announced" && sameRoute(route.owned?.route, configured);
    return held && !repeat ? undefined : { type: "announce", route: configured };
  }
  // A withdrawal that failed is repeated even when nobody wants anything now; an announcement is not.
  const lost = route.told === "withdrawn" && repeat;
  if (!lost && (wanted !== "withdraw" || route.told === "withdrawn")) return undefined;
  // With exactly the attributes last announced: ExaBGP orders the changes of one turn per attribute set.
  const last = route.owned?.route ?? configured;
  return last === undefined ? undefined : { type: "withdraw", route: last };
}

/** The route's state once `command` has been handed to ExaBGP. */
export function afterCommand(route: RouteState, command: Command, owner: Owner): RouteState {
  const announced = command.type === "announce";
  return {
    told: announced ? "announced" : "withdrawn",
    answer: "pending",
    change: command.change,
    owned: announced ? { route: command.route, ...owner } : route.owned,
    retryAtMs: undefined,
  };
}

/** The route's state once ExaBGP has answered, or failed to answer, its last command. */
export function afterAnswer(route: RouteState, done: boolean, nowMs: number): RouteState {
  if (!done) return { ...route, answer: "failed", retryAtMs: nowMs + RETRY_MS[route.told] };
  return { ...route, answer: "done", owned: route.told === "withdrawn" ? undefined : route.owned };
}

/** Both routes are normalized, with their keys in one order: the configuration and owned.json see to that. */
function sameRoute(a: Route | undefined, b: Route | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
