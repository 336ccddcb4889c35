/** From the states of the services to the commands that make ExaBGP hold what they say. */
import { combine, dispositionOf, type Disposition, type Voice } from "./decide.ts";
import type { PlannedPrefix } from "./index-plan.ts";
import { afterCommand, difference, type Command, type RouteState } from "./routes.ts";
import type { AgentState } from "./state.ts";

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
  const routes = new Map(affected === undefined ? state.routes : undefined);
  const commands: Command[] = [];
  for (const prefix of prefixesOf(state, affected)) {
    const route = state.routes.get(prefix);
    if (route === undefined) continue;
    const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
    const wanted = wantedOf(state, planned, route.told);
    const change = difference(route, wanted, planned?.route, nowMs);
    if (change === undefined) continue;
    const number = state.changes + commands.length + 1;
    const command: Command = { ...change, change: number, decision: undefined };
    commands.push(command);
    const services = (planned?.services ?? []).map(
      (at) => state.index.plan.services[at]?.name ?? "",
    );
    const owner = { services, shared: planned?.shared ?? "all" };
    routes.set(prefix, afterCommand(route, command, owner));
  }
  if (commands.length === 0) return { state, commands };
  const merged = affected === undefined ? routes : new Map([...state.routes, ...routes]);
  return {
    state: { ...state, routes: merged, changes: state.changes + commands.length },
    commands,
  };
}

/**
 * What the services that name a prefix want for it; one that nobody names is to be withdrawn.
 *
 * @param told What this agent has said about it.
 */
export function wantedOf(
  state: AgentState,
  planned: PlannedPrefix | undefined,
  told: RouteState["told"],
): Disposition {
  if (planned === undefined) return "withdraw";
  const voices = planned.services.map((at): Voice => {
    const service = state.services[at];
    return { disposition: dispositionOf(service?.state ?? "starting"), held: service?.held };
  });
  return combine(planned.shared, voices, told !== "unknown");
}

function prefixesOf(state: AgentState, affected: readonly number[] | undefined): Iterable<string> {
  if (affected === undefined) return state.routes.keys();
  const places = new Set(affected.flatMap((at) => state.index.prefixesOf[at] ?? []));
  return [...places].map((at) => state.index.prefixes[at]?.prefix ?? "");
}
