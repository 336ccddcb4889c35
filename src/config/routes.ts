/** Prefixes and `announce` become the bridge's routes: numbers only, canonical text. */
import type { Route } from "exabgp-ts-bridge";
import { parseCommunity, parseExtendedCommunity, parseLargeCommunity } from "./community.ts";
import type { Draft } from "./issues.ts";
import { parseAddress, parsePrefix } from "./prefix.ts";
import type { Announce } from "./schema-announce.ts";

/** @param prefix Canonical. What `announce` lacks is absent in the route, and `igp` and empty lists too: they mean the same. */
export function buildRoute(prefix: string, announce: Draft<Announce>): Route {
  const { origin, med } = announce;
  const localPreference = announce["local-preference"];
  const communities = numbers(announce.communities, parseCommunity);
  const largeCommunities = numbers(announce["large-communities"], parseLargeCommunity);
  const extendedCommunities = numbers(announce["extended-communities"], parseExtendedCommunity);
  const neighbors = numbers(announce.neighbors, (text) => parseAddress(text)?.text);
  const asPath = buildAsPath(announce);
  return {
    prefix,
    nextHop: nextHopFor(prefix, announce["next-hop"] ?? "self"),
    ...(origin === undefined || origin === "igp" ? {} : { origin }),
    ...(asPath === undefined ? {} : { asPath }),
    ...(med === undefined ? {} : { med }),
    ...(localPreference === undefined ? {} : { localPreference }),
    ...(communities.length === 0 ? {} : { communities }),
    ...(largeCommunities.length === 0 ? {} : { largeCommunities }),
    ...(extendedCommunities.length === 0 ? {} : { extendedCommunities }),
    ...(neighbors.length === 0 ? {} : { neighbors }),
  };
}

/** ExaBGP sends an explicit AS path verbatim, also on eBGP: the own number comes once more than it is prepended. */
function buildAsPath(announce: Draft<Announce>): number[] | undefined {
  const localAs = announce["local-as"];
  const prepend = announce["as-path-prepend"] ?? 0;
  return localAs === undefined || prepend === 0
    ? undefined
    : Array.from({ length: prepend + 1 }, () => localAs);
}

function nextHopFor(prefix: string, nextHop: NonNullable<Draft<Announce>["next-hop"]>): string {
  const text =
    typeof nextHop === "string"
      ? nextHop
      : (nextHop[parsePrefix(prefix)?.family === 4 ? "ipv4" : "ipv6"] ?? "self");
  return parseAddress(text)?.text ?? text;
}

/** As the bridge has them, so that what ExaBGP lists can be compared: sorted, each once. */
function numbers(
  texts: readonly (string | undefined)[] | undefined,
  parse: (text: string) => string | undefined,
): string[] {
  const known = (texts ?? []).flatMap((text) => parse(text ?? "") ?? []);
  return [...new Set(known)].toSorted();
}
