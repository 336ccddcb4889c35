/** What a listing of ExaBGP's routes changes. */
import { carrierKey, type HeldRoute, type RibView } from "./rib.ts";
import type { AgentState, Step } from "./state.ts";

/** Names of prefixes that are not ours are for people: a few of them say whose they are. */
const FOREIGN_SHOWN = 5;

/** A neighbor that lists nothing of a family for so long has lost it: its configuration was changed. */
const CARRIER_LISTINGS = 5;

/** Takes in what ExaBGP held at `askedMs`. */
export function stepRib(
  state: AgentState,
  { askedMs, routes }: { readonly askedMs: number; readonly routes: readonly HeldRoute[] },
): Step {
  return { state: { ...state, rib: viewOf(state, askedMs, routes) }, actions: [] };
}

function viewOf(state: AgentState, askedMs: number, routes: readonly HeldRoute[]): RibView {
  const held = new Map<string, HeldRoute[]>();
  const foreign = new Set<string>();
  const neighbors = new Set<string>();
  const carriers = new Map<string, number>();
  for (const [key, listings] of state.rib?.carriers ?? []) {
    if (listings < CARRIER_LISTINGS) carriers.set(key, listings + 1);
  }
  for (const route of routes) {
    const { prefix, neighbor } = route;
    neighbors.add(neighbor);
    carriers.set(carrierKey(neighbor, prefix), 0);
    if (!state.routes.has(prefix)) {
      foreign.add(prefix);
      continue;
    }
    const known = held.get(prefix);
    if (known === undefined) held.set(prefix, [route]);
    else known.push(route);
  }
  return {
    askedMs,
    neighbors: [...neighbors],
    held,
    carriers,
    foreign: { count: foreign.size, first: [...foreign].slice(0, FOREIGN_SHOWN) },
  };
}
