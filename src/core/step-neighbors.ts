/** Neighbors that come, go, or change their families: a route may have to be announced to others than before. */
import type { ConfiguredNeighbor } from "exabgp-ts-bridge";
import { BY_AGENT, drainCause, settle } from "./settle.ts";
import type { AgentState, Step } from "./state.ts";

/** @param neighbors All that ExaBGP is configured with. */
export function stepNeighbors(
  state: AgentState,
  neighbors: readonly ConfiguredNeighbor[],
  nowMs: number,
): Step {
  if (JSON.stringify(neighbors) === JSON.stringify(state.neighbors)) return { state, actions: [] };
  const next = { ...state, neighbors };
  // What it holds is known at once after this: then all is decided together.
  if (state.awaitsRib) return { state: next, actions: [] };
  const causeOf = (service: string) => drainCause(state.drains, service) ?? BY_AGENT;
  return settle(next, nowMs, { causeOf, reconfigured: true });
}
