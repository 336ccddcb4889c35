/** What ExaBGP held when it was last asked, and how a route that it holds compares with one that was wanted. */
import type { Route } from "exabgp-ts-bridge";
import { asListed } from "./listed-communities.ts";

/** One route of ExaBGP's, for one neighbor. */
export interface HeldRoute {
  /** The neighbor's address, canonical. */
  readonly neighbor: string;
  /** Canonical. */
  readonly prefix: string;
  /** Normalized, without neighbors; undefined: it has attributes that a `Route` cannot say. */
  readonly route: Route | undefined;
  /** Our address in the session: what `next-hop self` stands for. */
  readonly localAddress: string | undefined;
}

export type Family = "ipv4" | "ipv6";

/** A listing, as far as it is about prefixes of ours. */
export interface RibView {
  /** When ExaBGP was asked, milliseconds on the monotonic clock: nothing that it was told later is in it. */
  readonly askedMs: number;
  /** Whether attributes were told; where not, those that were written are believed. */
  readonly tellsAttributes: boolean;
  /** Neighbors of which it said anything. */
  readonly neighbors: readonly string[];
  /** Those whose session was established. */
  readonly up: ReadonlySet<string>;
  /** Those of them whose session this life has heard come up: they take what it writes. */
  readonly cameUp: ReadonlySet<string>;
  /** By canonical prefix; one that is missing is held for nobody. */
  readonly held: ReadonlyMap<string, readonly HeldRoute[]>;
  /** Neighbors that lately held a prefix of ours of a family, with the listings since then. */
  readonly carriers: Readonly<Record<Family, ReadonlyMap<string, number>>>;
  /** What is neither configured nor owned: somebody else's. */
  readonly foreign: { readonly count: number; readonly first: readonly string[] };
}

/**
 * Whether ExaBGP holds what `wanted` says.
 *
 * A listing may leave out what is the default, and writes `self` or the address that it stands for.
 */
export function isSame({ route, localAddress }: HeldRoute, wanted: Route): boolean {
  if (route === undefined) return false;
  return (
    sameHop(route.nextHop, wanted.nextHop, localAddress) &&
    (route.origin ?? "igp") === (wanted.origin ?? "igp") &&
    route.med === wanted.med &&
    (route.localPreference ?? LOCAL_PREFERENCE) === (wanted.localPreference ?? LOCAL_PREFERENCE) &&
    sameList(route.asPath, wanted.asPath) &&
    sameList(route.communities, wanted.communities) &&
    sameList(route.largeCommunities, wanted.largeCommunities) &&
    sameList(route.extendedCommunities, asListed(wanted.extendedCommunities))
  );
}

/** What ExaBGP gives a route without one. */
const LOCAL_PREFERENCE = 100;

function sameHop(held: string, wanted: string, localAddress: string | undefined): boolean {
  if (held === wanted) return true;
  const [one, other] = [held, wanted].map((hop) => (hop === "self" ? localAddress : hop));
  return one !== undefined && one === other;
}

/** Both are normalized: sorted, but for an AS path, whose order means something. */
function sameList(
  held: readonly (string | number)[] | undefined,
  wanted: readonly (string | number)[] | undefined,
): boolean {
  if (held === wanted) return true;
  const [some, others] = [held ?? [], wanted ?? []];
  return some.length === others.length && some.every((one, nth) => one === others[nth]);
}

export function familyOf(prefix: string): Family {
  return prefix.includes(":") ? "ipv6" : "ipv4";
}

/** What one neighbor is to be sent of a prefix; `unknown` before the first listing. */
export function heldAt(
  view: RibView | undefined,
  wanted: Route,
  neighbor: string,
): "yes" | "no" | "differs" | "unknown" {
  if (view === undefined) return "unknown";
  const held = view.held.get(wanted.prefix)?.find((one) => one.neighbor === neighbor);
  if (held === undefined) return "no";
  return !view.tellsAttributes || isSame(held, wanted) ? "yes" : "differs";
}
