/** From the states of the services to the commands that make ExaBGP hold what they say. */
import type { Route } from "exabgp-ts-bridge";
import { isCanary } from "./canary.ts";
import { addMoves } from "./damping.ts";
import { fitted, withdrawable } from "./fit.ts";
import type { PlannedPrefix } from "./index-plan.ts";
import { knownNeighbors } from "./narrow.ts";
import {
  afterCommand,
  difference,
  isAnnounced,
  neverAnnounced,
  type Command,
  type Owner,
  type RouteState,
} from "./routes.ts";
import type { AgentState } from "./state.ts";
import { combine, wishOf, type Voice, type Wish } from "./wishes.ts";

/**
 * Compares wanted with told.
 *
 * @param affected Places of services whose prefixes are looked at; undefined: every prefix, those that are
 * owned but named by nobody included.
 * @returns The commands, not yet given to a decision, and the state in which they have been handed over.
 */
export function reconcileRoutes(
  state: AgentState,
  affected: readonly number[] | undefined,
  nowMs: number,
): { state: AgentState; commands: readonly Command[] } {
  const changed = new Map<string, RouteState>();
  const commands: Command[] = [];
  const wishes = new Wishes(state);
  const moves = { withdrawn: [] as string[], announced: [] as string[] };
  for (const prefix of prefixesOf(state, affected)) {
    const route = state.routes.get(prefix);
    if (route === undefined) continue;
    const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
    const { disposition, configured, isUnfit, isLost } = targetOf(
      state,
      planned,
      route,
      wishes.of(planned, route),
    );
    if (isUnfit && !state.awaitsRib && isNowhere(state, prefix, route)) {
      if (route.told !== "withdrawn" || route.owned !== undefined) {
        changed.set(prefix, neverAnnounced(route, nowMs));
      }
      continue;
    }
    const known = () => knownNeighbors(state, route.owned?.route ?? { prefix, nextHop: "" });
    const change = difference(route, disposition, configured, nowMs, known);
    if (change === undefined) continue;
    const number = state.changes + commands.length + 1;
    const isWhole = change.type === "withdraw" && change.leaving === undefined;
    const narrow = isWhole ? { route: withdrawable(change.route, state) } : {};
    const command: Command = { ...change, ...narrow, change: number, decision: undefined };
    commands.push(command);
    // Not the one that cleans up after an earlier life, or repeats another: nobody upstream counts those. Nor what a
    // reload takes from some neighbors, or no neighbor could have.
    if (command.type === "announce") moves.announced.push(prefix);
    else if (isAnnounced(route) && isWhole && !isLost) moves.withdrawn.push(prefix);
    changed.set(prefix, afterCommand(route, command, ownerOf(state, planned)));
  }
  if (changed.size === 0) return { state, commands };
  // Only now: nothing has changed at nearly every tick.
  const routes = new Map(state.routes);
  for (const [prefix, route] of changed) routes.set(prefix, route);
  return {
    state: {
      ...state,
      routes,
      flaps: addMoves(state.flaps, moves, nowMs),
      changes: state.changes + commands.length,
    },
    commands,
  };
}

interface Target {
  readonly disposition: Wish["disposition"];
  /** What is to be announced, or would be. */
  readonly configured: Route | undefined;
  /** No neighbor can have it: it is not announced, whatever the services want, and what was is withdrawn. */
  readonly isUnfit: boolean;
  /** It is announced in such a way that no neighbor can have it. */
  readonly isLost: boolean;
}

/** What is to become of a prefix: as `wantedOf`, as far as there are neighbors that can have it. */
export function targetOf(
  state: AgentState,
  planned: PlannedPrefix | undefined,
  route: Pick<RouteState, "told" | "owned" | "isAdopted">,
  wanted: Wish = wantedOf(state, planned, route),
): Target {
  const named = planned?.routes[("variant" in wanted && wanted.variant) || "up"];
  const configured = named && fitted(named, state.neighbors);
  const held = isAnnounced(route) ? route.owned?.route : undefined;
  const isLost = held !== undefined && fitted(held, state.neighbors) === undefined;
  const isUnfit =
    wanted.disposition === "leave"
      ? planned !== undefined && isLost && !state.awaitsRib
      : named !== undefined && configured === undefined;
  const disposition = held === undefined ? "leave" : "withdraw";
  return {
    disposition: isUnfit ? disposition : wanted.disposition,
    configured,
    isUnfit,
    isLost,
  };
}

/** Whether ExaBGP holds nothing of a prefix that no neighbor can have: it never took it, or it was never told. */
function isNowhere(
  { rib }: AgentState,
  prefix: string,
  { owned, answer, answeredAtMs = Infinity }: RouteState,
): boolean {
  if (owned === undefined) return true;
  const isRefused = answer === "failed" && rib !== undefined && answeredAtMs <= rib.askedMs;
  return isRefused && !rib.held.has(prefix);
}

/** Who names a prefix now. */
export function ownerOf({ index }: AgentState, planned: PlannedPrefix | undefined): Owner {
  const services = (planned?.services ?? []).map((at) => index.plan.services[at]?.name ?? "");
  return { services, shared: planned?.shared ?? "all" };
}

/**
 * What the services that name a prefix want for it; one that nobody names is to be withdrawn.
 *
 * @param route What this agent has said about it.
 */
export function wantedOf(
  state: AgentState,
  planned: PlannedPrefix | undefined,
  route: Pick<RouteState, "told" | "owned" | "isAdopted">,
): Wish {
  if (planned === undefined) {
    return { disposition: isCanary(state, route) ? "leave" : "withdraw" };
  }
  const voices = planned.services.map((at): Voice => {
    const service = state.services[at];
    return { wish: wishOf(service?.state ?? "starting", planned.routes), held: service?.held };
  });
  const wish = combine(planned.shared, voices, isOursBy(route));
  // A drain takes leave of those that have the route; it never brings one into the world, nor may one that nobody
  // could read, where what is down is announced too.
  const isBarred = "variant" in wish && (wish.variant === "draining" || !state.areDrainsComplete);
  return isBarred && !isAnnounced(route) ? { disposition: "withdraw" } : wish;
}

/** As `wantedOf`, for many prefixes of one state: those of one service that ExaBGP was told the same about want the same. */
class Wishes {
  readonly #state: AgentState;
  readonly #known = new Map<number, Wish>();

  constructor(state: AgentState) {
    this.#state = state;
  }

  of(planned: PlannedPrefix | undefined, route: RouteState): Wish {
    const [at = -1, ...others] = planned?.services ?? [];
    if (at < 0 || others.length > 0) return wantedOf(this.#state, planned, route);
    const isOurs = isOursBy(route);
    const key = 4 * at + (isOurs ? 2 : 0) + (isAnnounced(route) ? 1 : 0);
    const known = this.#known.get(key) ?? wantedOf(this.#state, planned, route);
    this.#known.set(key, known);
    return known;
  }
}

/** Whether this agent has said anything about it. */
function isOursBy({ told, isAdopted }: Pick<RouteState, "told" | "isAdopted">): boolean {
  return told !== "unknown" && !isAdopted;
}

function prefixesOf(state: AgentState, affected: readonly number[] | undefined): Iterable<string> {
  if (affected === undefined) return state.routes.keys();
  const places = new Set(affected.flatMap((at) => state.index.prefixesOf[at] ?? []));
  return [...places].map((at) => state.index.prefixes[at]?.prefix ?? "");
}
