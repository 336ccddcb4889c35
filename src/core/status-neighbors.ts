/** A route as each neighbor is to have it, has it with ExaBGP, and was sent it. */
import { isJudged } from "./drift.ts";
import { carriersOf, fitted, unfitNeighbors } from "./fit.ts";
import { isSame, familyOf, type HeldRoute } from "./rib.ts";
import { UNTOLD, type RouteState } from "./routes.ts";
import type { AgentState } from "./state.ts";
import type { SentUpdate } from "./status.ts";
import type { Wish } from "./wishes.ts";

export interface NeighborRoute {
  /** The neighbor's address, canonical. */
  readonly neighbor: string;
  /** Of its session; `unknown`: ExaBGP has told of none. */
  readonly session: "up" | "down" | "unknown";
  /** What it is to have: `withdraw` also where the prefix is announced to others only. */
  readonly wanted: Wish["disposition"];
  /** What ExaBGP has accepted for it; `unknown` while a command has no answer, and before the first. */
  readonly accepted: "announce" | "withdraw" | "unknown";
  /** Whether ExaBGP listed it for the neighbor, with the attributes that it was told; `unknown` when it was not asked since. */
  readonly held: "yes" | "no" | "differs" | "unknown";
  /** The last UPDATE; `unknown` where ExaBGP does not tell, and before the first in this life of the agent. */
  readonly sent: "announce" | "withdraw" | "unknown";
}

/** Sessions as ExaBGP tells of them, by neighbor. */
export type Sessions = ReadonlyMap<string, { readonly state: string }>;

/**
 * Of a prefix that all have: those that ExaBGP is configured to offer its family to; where it does not tell, those that
 * it holds anything of its family for, and as long as nothing is listed, all.
 */
export function neighborRoutes(
  state: AgentState,
  prefix: string,
  wish: Wish,
  sent: readonly SentUpdate[],
  sessions: Sessions,
): NeighborRoute[] {
  const route = state.routes.get(prefix) ?? UNTOLD;
  const held = state.rib?.held.get(prefix) ?? [];
  const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
  const up = planned?.routes.up;
  const withheld = up === undefined ? [] : unfitNeighbors(up, state.neighbors);
  const meant = up === undefined ? [] : fitted(up, state.neighbors)?.neighbors;
  const owned = route.owned?.route.neighbors;
  const offering = up && state.neighbors && carriersOf(up, state.neighbors);
  const carriers = offering ?? (state.rib?.carriers[familyOf(prefix)] ?? sessions).keys();
  const neighbors = new Set([
    ...(meant ?? []),
    ...(owned ?? []),
    ...(meant === undefined ? carriers : []),
    ...withheld,
    ...held.map(({ neighbor }) => neighbor),
    ...sent.map(({ neighbor }) => neighbor),
  ]);
  return [...neighbors].toSorted().map((neighbor) => {
    const isMeant = !withheld.includes(neighbor) && (meant?.includes(neighbor) ?? true);
    const session = sessions.get(neighbor)?.state;
    return {
      neighbor,
      session: session === undefined ? "unknown" : session === "up" ? "up" : "down",
      wanted: isMeant ? wish.disposition : "withdraw",
      accepted: acceptedFor(route, neighbor),
      held: heldFor(state, route, held, neighbor),
      sent: sent.find((update) => update.neighbor === neighbor)?.action ?? "unknown",
    };
  });
}

function acceptedFor(
  { told, answer, owned }: RouteState,
  neighbor: string,
): NeighborRoute["accepted"] {
  if (answer !== "done" || told === "unknown") return "unknown";
  const isAnnounced = told === "announced" && (owned?.route.neighbors?.includes(neighbor) ?? true);
  return isAnnounced ? "announce" : "withdraw";
}

function heldFor(
  { rib }: AgentState,
  route: RouteState,
  held: readonly HeldRoute[],
  neighbor: string,
): NeighborRoute["held"] {
  if (rib === undefined || !isJudged(route, rib.askedMs)) return "unknown";
  const { owned } = route;
  const found = held.find((one) => one.neighbor === neighbor);
  if (found === undefined) return "no";
  return owned === undefined || isSame(found, owned.route) ? "yes" : "differs";
}
