/** Neighbors that are to lose a prefix while it stays, or comes, at others. */
import type { Route } from "exabgp-ts-bridge";
import { isFit } from "./fit.ts";
import type { OwnedRoute } from "./routes.ts";
import type { AgentState } from "./state.ts";

/** A withdrawal at some neighbors, as long as nothing shows that it was done. */
export interface Leaving {
  /** Undefined: all. */
  readonly neighbors: readonly string[] | undefined;
  /** What is held then, by those who stay; undefined: by nobody. */
  readonly stays: Route | undefined;
}

/**
 * Neighbors that have `route`, or may, by name: those that ExaBGP is configured with, and those that its listing tells
 * of. Where it did not tell its configuration, one that holds nothing and is down is missed, and found by the next
 * listing.
 */
export function knownNeighbors(
  { rib, neighbors = [] }: Pick<AgentState, "rib" | "neighbors">,
  route: Route,
): readonly string[] {
  const holders = rib?.held.get(route.prefix)?.map(({ neighbor }) => neighbor) ?? [];
  const configured = neighbors.map(({ neighbor }) => neighbor);
  const known = [...configured, ...(rib?.neighbors ?? []), ...(rib?.up ?? [])];
  return [...new Set([...known.filter((one) => isFit(one, route)), ...holders])];
}

/**
 * The withdrawal that must be done before `wanted` is announced in the place of what is owned; undefined: none. It
 * comes first because what is owned has one set of attributes. Those who stay keep the route; when the agent knows of
 * no neighbor by name, all lose it for a moment: better than one that keeps it for ever.
 *
 * @param known Names of neighbors.
 */
export function leave(
  { route: owned }: Pick<OwnedRoute, "route">,
  wanted: Route,
  known: readonly string[],
): { readonly route: Route; readonly leaving: Leaving } | undefined {
  const { neighbors: to } = wanted;
  if (to === undefined) return undefined;
  const { neighbors: from, ...attributes } = owned;
  if (from === undefined && known.length === 0) {
    return { route: owned, leaving: { neighbors: undefined, stays: undefined } };
  }
  const neighbors = (from ?? known).filter((one) => !to.includes(one)).toSorted();
  if (neighbors.length === 0) return undefined;
  const stay = (from ?? to).filter((one) => !neighbors.includes(one));
  const stays = stay.length === 0 ? undefined : { ...attributes, neighbors: stay };
  return { route: { ...attributes, neighbors }, leaving: { neighbors, stays } };
}
