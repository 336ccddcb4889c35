/** The self-test of withdrawal: one prefix of no service, announced and withdrawn on an operator's order. */
import type { Route } from "exabgp-ts-bridge";
import { ALL_SERVICES } from "./inputs.ts";
import { afterCommand, UNTOLD, type Command, type RouteState } from "./routes.ts";
import type { AgentState, Step } from "./state.ts";

/** Who owns the prefix: no service may be called so. A later life finds it owned and not configured, and withdraws it. */
export const CANARY = "_canary";

/** Of its commands: decisions about services count from 1. */
export const CANARY_DECISION = 0;

/** @returns Why there can be none now. */
export function canaryMistake(state: AgentState): string | undefined {
  if (state.canary !== undefined) return "another self-test is under way";
  if (state.stopping) return "the agent stops";
  if (state.awaitsRib || !state.areDrainsComplete) return "the agent does not know enough yet";
  // Whoever drains the PoP wants it silent.
  const isDrained = state.drains.some(({ service }) => service === ALL_SERVICES);
  return isDrained ? "the whole PoP is drained" : undefined;
}

/** Announces `route`. Nothing happens where `canaryMistake` finds one. */
export function startCanary(state: AgentState, route: Route): Step {
  if (canaryMistake(state) !== undefined) return { state, actions: [] };
  // What an earlier one has left is known to be withdrawn.
  const kept = [...state.routes].filter(
    ([prefix, { owned }]) => owned !== undefined || state.index.prefixAt.has(prefix),
  );
  const next = { ...state, canary: route.prefix, routes: new Map(kept) };
  return command(next, UNTOLD, { type: "announce", route });
}

/** Withdraws it, whatever became of the announcement. */
export function endCanary(state: AgentState): Step {
  const route = state.routes.get(state.canary ?? "");
  if (route?.owned === undefined) return { state: { ...state, canary: undefined }, actions: [] };
  return command({ ...state, canary: undefined }, route, {
    type: "withdraw",
    route: route.owned.route,
  });
}

/** Whether an announced prefix is the one of the self-test that is under way. */
export function isCanary(state: AgentState, { owned }: Pick<RouteState, "owned">): boolean {
  return owned?.services[0] === CANARY && owned.route.prefix === state.canary;
}

function command(
  state: AgentState,
  before: RouteState,
  change: Pick<Command, "type" | "route">,
): Step {
  const numbered = { ...change, change: state.changes + 1, decision: CANARY_DECISION };
  const after = afterCommand(before, numbered, { services: [CANARY], shared: "all" });
  const routes = new Map(state.routes).set(change.route.prefix, after);
  return { state: { ...state, routes, changes: numbered.change }, actions: [numbered] };
}
