/** What a listing of ExaBGP's routes changes: what is adopted, what is found, what is mended. */
import { adopt } from "./adopt.ts";
import type { Wire } from "./drift.ts";
import { findDrifts } from "./find-drifts.ts";
import type { Input } from "./inputs.ts";
import { mend } from "./mend.ts";
import { familyOf, type HeldRoute, type RibView } from "./rib.ts";
import { BY_AGENT, drainCause, settle } from "./settle.ts";
import type { AgentState, Step } from "./state.ts";

/** Names of prefixes that are not ours are for people: a few of them say whose they are. */
const FOREIGN_SHOWN = 5;

/** A neighbor that lists nothing of a family for so long has lost it: its configuration was changed. */
const CARRIER_LISTINGS = 5;

type Listing = Extract<Input, { type: "rib" }>;

/** Takes in what ExaBGP held when it was asked. */
export function stepRib(
  state: AgentState,
  { wire, selects, ...listing }: Listing,
  nowMs: number,
): Step {
  const view = viewOf(state, listing, wire);
  const known = { ...state, rib: view, routes: adopt(state, view) };
  const decided = endWait(known, nowMs);
  const found = findDrifts(decided.state, view, wire, nowMs);
  const mended = mend(decided.state, found, { view, selects }, nowMs);
  return { state: mended.state, actions: [...decided.actions, ...mended.actions] };
}

/** Decides what waited for the first listing. */
export function endWait(state: AgentState, nowMs: number): Step {
  if (!state.awaitsRib) return { state, actions: [] };
  const causeOf = (service: string) => drainCause(state.drains, service) ?? BY_AGENT;
  return settle({ ...state, awaitsRib: false }, nowMs, { causeOf });
}

function viewOf(
  state: AgentState,
  { askedMs, routes, tellsAttributes }: Pick<Listing, "askedMs" | "routes" | "tellsAttributes">,
  { up }: Wire,
): RibView {
  const held = new Map<string, HeldRoute[]>();
  const foreign = new Set<string>();
  const neighbors = new Set<string>();
  const carriers = { ipv4: stillCarrying(state, "ipv4"), ipv6: stillCarrying(state, "ipv6") };
  for (const route of routes) {
    const { prefix, neighbor } = route;
    neighbors.add(neighbor);
    carriers[familyOf(prefix)].set(neighbor, 0);
    if (!state.routes.has(prefix)) {
      foreign.add(prefix);
      continue;
    }
    const known = held.get(prefix);
    if (known === undefined) held.set(prefix, [route]);
    else known.push(route);
  }
  const first = [...foreign].slice(0, FOREIGN_SHOWN);
  const foreigners = { count: foreign.size, first };
  return {
    askedMs,
    tellsAttributes,
    neighbors: [...neighbors],
    up,
    held,
    carriers,
    foreign: foreigners,
  };
}

function stillCarrying({ rib }: AgentState, family: "ipv4" | "ipv6"): Map<string, number> {
  const known = [...(rib?.carriers[family] ?? [])];
  return new Map(
    known.flatMap(([neighbor, listings]) =>
      listings < CARRIER_LISTINGS ? [[neighbor, listings + 1]] : [],
    ),
  );
}
