/** Brings back to what was told what a listing, or the echo, shows to be otherwise. */
import type { Route } from "exabgp-ts-bridge";
import type { Drift, Finding } from "./drift.ts";
import { unfitNeighbors } from "./fit.ts";
import type { Action } from "./inputs.ts";
import { ownerOf } from "./reconcile.ts";
import type { RibView } from "./rib.ts";
import { afterCommand, type Command, type RouteState } from "./routes.ts";
import type { AgentState, Step } from "./state.ts";

/**
 * After a repair that did not help, and between repairs once there were several: twice as long each time. An ExaBGP
 * that refuses something in silence, or another program that takes back what is mended, would else be answered with
 * an UPDATE for each listing.
 */
const PAUSE_MS = 10_000;
const PAUSE_MAX_MS = 300_000;

/** As often as this what was well in between is mended at once. */
const AT_ONCE = 3;

export interface Means {
  readonly view: RibView;
  /** Whether a command may name neighbors. */
  readonly selects: boolean;
}

/** @param drifts All that is known now; those of the state are of before. */
export function mend(
  state: AgentState,
  drifts: ReadonlyMap<string, Drift>,
  means: Means,
  nowMs: number,
): Step {
  const decision = state.decisions + 1;
  const commands: Command[] = [];
  const told: { prefix: string; findings: readonly Finding[] }[] = [];
  const routes = new Map<string, RouteState>();
  const known = new Map(drifts);
  for (const [prefix, drift] of drifts) {
    const { findings } = drift;
    const route = state.routes.get(prefix);
    // One that waits for an answer was not judged: it is as before.
    if (findings.length === 0 || route === undefined || drift.seenMs !== nowMs) continue;
    const command = isDue(drift, nowMs)
      ? commandFor(state, prefix, route, drift, means)
      : undefined;
    if (command !== undefined || isNews(state.drifts.get(prefix), drift)) {
      told.push({ prefix, findings });
    }
    if (command === undefined) continue;
    const numbered = { ...command, change: state.changes + commands.length + 1, decision };
    commands.push(numbered);
    const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
    routes.set(prefix, afterCommand(route, numbered, route.owned ?? ownerOf(state, planned)));
    const { repairs } = drift;
    const repairing = findings[0]?.kind;
    known.set(prefix, { ...drift, repairs: repairs + 1, repairedMs: nowMs, repairing });
  }
  const next = {
    ...state,
    drifts: known.size === 0 && state.drifts.size === 0 ? state.drifts : known,
  };
  if (told.length === 0) return { state: next, actions: [] };
  const report: Action = { type: "drift", decision, drifts: told };
  return {
    state: {
      ...next,
      routes: routes.size === 0 ? state.routes : new Map([...state.routes, ...routes]),
      decisions: decision,
      changes: state.changes + commands.length,
    },
    actions: [report, ...commands],
  };
}

function isDue({ findings, repairs, repairedMs, repairing }: Drift, nowMs: number): boolean {
  const isHelpless = repairing === findings[0]?.kind;
  const counted = isHelpless ? repairs : repairs - AT_ONCE + 1;
  if (counted <= 0) return true;
  return nowMs - repairedMs >= Math.min(PAUSE_MS * 2 ** (counted - 1), PAUSE_MAX_MS);
}

function isNews(before: Drift | undefined, { findings }: Drift): boolean {
  const kinds = (of: readonly Finding[] = []) => of.map(({ kind }) => kind).join();
  return kinds(before?.findings) !== kinds(findings);
}

/** For the first of the findings; the others are found again. */
function commandFor(
  state: AgentState,
  prefix: string,
  route: RouteState,
  { findings }: Drift,
  { view, selects }: Means,
): Pick<Command, "type" | "route" | "mends"> | undefined {
  const [finding] = findings;
  if (finding === undefined) return undefined;
  const { kind, neighbors } = finding;
  const told = route.owned?.route;
  // The same announcement to those who have it already is no UPDATE.
  if (kind === "missing" || kind === "differs") {
    return told && { type: "announce", route: told };
  }
  const isWhole = kind === "surplus" && route.told === "withdrawn" && isAll(neighbors, view);
  // A withdrawal that names nobody would take it from those who are to have it.
  if (!selects && route.told === "announced") return undefined;
  const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
  const held = view.held.get(prefix)?.find(({ neighbor }) => neighbors.includes(neighbor));
  const like = held?.route ?? told ?? planned?.routes.up ?? { prefix, nextHop: "self" };
  // Nor may it name those that cannot have it, by naming nobody.
  const isAny =
    !selects || (isWhole && unfitNeighbors(forSome(like, []), state.neighbors).length === 0);
  return { type: "withdraw", route: forSome(like, isAny ? [] : neighbors), mends: kind };
}

function isAll(neighbors: readonly string[], view: RibView): boolean {
  return view.neighbors.every((one) => neighbors.includes(one));
}

/** @param neighbors Empty: all. */
function forSome(like: Route, neighbors: readonly string[]): Route {
  const { neighbors: _before, ...route } = like;
  return neighbors.length === 0 ? route : { ...route, neighbors };
}
