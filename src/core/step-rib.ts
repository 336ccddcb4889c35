/** What a listing of ExaBGP's routes changes: what is adopted, what is found, what is mended. */
import { adopt } from "./adopt.ts";
import { isJudged, type Wire } from "./drift.ts";
import { findDrifts } from "./find-drifts.ts";
import type { Input } from "./inputs.ts";
import { mend } from "./mend.ts";
import { familyOf, type Family, type HeldRoute, type RibView } from "./rib.ts";
import type { RouteState } from "./routes.ts";
import { BY_AGENT, drainCause, settle } from "./settle.ts";
import type { AgentState, Step } from "./state.ts";

/** Names of prefixes that are not ours are for people: a few of them say whose they are. */
const FOREIGN_SHOWN = 5;

/** A neighbor that lists nothing of a family for so long has lost it: its configuration was changed. */
const CARRIER_LISTINGS = 5;

const NOBODY: ReadonlySet<string> = new Set();

type Listing = Extract<Input, { type: "rib" }>;

/** Takes in what ExaBGP held when it was asked. */
export function stepRib(
  state: AgentState,
  { wire, selects, ...listing }: Listing,
  nowMs: number,
): Step {
  const view = withNewcomers(state, viewOf(state, listing, wire));
  const known = { ...state, rib: view, routes: adopt(state, view) };
  const decided = endWait(known, nowMs);
  const found = findDrifts(decided.state, view, wire, nowMs);
  const mended = mend(decided.state, found, { view, selects }, nowMs);
  const actions = [...decided.actions, ...mended.actions];
  return { state: withoutFormer(mended.state, view, wire), actions };
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
  { up, cameUp = NOBODY }: Wire,
): RibView {
  const held = new Map<string, HeldRoute[]>();
  const foreign = new Set<string>();
  const neighbors = new Set<string>();
  const carriers = { ipv4: stillCarrying(state, "ipv4"), ipv6: stillCarrying(state, "ipv6") };
  for (const route of routes) {
    const { prefix, neighbor } = route;
    neighbors.add(neighbor);
    if (!state.routes.has(prefix)) {
      foreign.add(prefix);
      continue;
    }
    // Not by routes of others: a neighbor with a static route need not be one that this process speaks to.
    carriers[familyOf(prefix)].set(neighbor, 0);
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
    cameUp,
    held,
    carriers,
    foreign: foreigners,
  };
}

/**
 * A neighbor that was added to exabgp.conf has none of what its elders were told, and lists nothing. When its session
 * has come up it is taken for a carrier of the families that those of its kind of address carry: until the next listing,
 * for it need not have them.
 */
function withNewcomers({ rib }: AgentState, view: RibView): RibView {
  const newcomers = [...view.cameUp].filter((one) => rib?.cameUp.has(one) !== true);
  if (newcomers.length === 0) return view;
  const carriersOf = (family: Family): ReadonlyMap<string, number> => {
    const known = view.carriers[family];
    const kinds = new Set([family, ...[...known.keys()].map(familyOf)]);
    const fresh = newcomers.filter((one) => !known.has(one) && kinds.has(familyOf(one)));
    return new Map([...known, ...fresh.map((one) => [one, CARRIER_LISTINGS - 1] as const)]);
  };
  return { ...view, carriers: { ipv4: carriersOf("ipv4"), ipv6: carriersOf("ipv6") } };
}

/** What a reload took out, and ExaBGP has shown to be gone, is ours no more: somebody else may announce it now. */
function withoutFormer(state: AgentState, view: RibView, { sent }: Wire): AgentState {
  const isFormer = (prefix: string, route: RouteState) =>
    !state.index.prefixAt.has(prefix) &&
    route.owned === undefined &&
    isJudged(route, view.askedMs) &&
    !view.held.has(prefix) &&
    sent.get(prefix)?.some(({ action }) => action === "announce") !== true;
  const former = [...state.routes].filter(([prefix, route]) => isFormer(prefix, route));
  if (former.length === 0) return state;
  const routes = new Map(state.routes);
  for (const [prefix] of former) routes.delete(prefix);
  return { ...state, routes };
}

function stillCarrying({ rib }: AgentState, family: Family): Map<string, number> {
  const known = [...(rib?.carriers[family] ?? [])];
  return new Map(
    known.flatMap(([neighbor, listings]) =>
      listings < CARRIER_LISTINGS ? [[neighbor, listings + 1]] : [],
    ),
  );
}
