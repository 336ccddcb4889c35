/** Attributes that fit one another and the prefixes: in `announce`, and in what is laid over it in other states. */
import {
  HIDING_COMMUNITIES,
  parseCommunity,
  parseExtendedCommunity,
  parseLargeCommunity,
} from "./community.ts";
import type { Draft } from "./issues.ts";
import { VARIANTS } from "./overlay.ts";
import { parseAddress, parsePrefix } from "./prefix.ts";
import type { Path, Problem } from "./problem.ts";
import type { Announce } from "./schema-announce.ts";
import { problemAt, type ServiceSource } from "./source.ts";

/** Attributes, and where they are written. */
interface Written {
  readonly service: ServiceSource;
  readonly path: Path;
  readonly attributes: Draft<Announce>;
  /** Whether `local-as` is given here or below, rightly or wrongly. */
  readonly hasLocalAs: boolean;
}

export function announceProblems(service: ServiceSource): Problem[] {
  const { announce = {}, when } = service.draft;
  const written: Written[] = [
    { service, path: ["announce"], attributes: announce, hasLocalAs: "local-as" in announce },
  ];
  for (const variant of VARIANTS) {
    const attributes = when?.[variant];
    if (attributes === undefined || attributes === "withdraw") continue;
    const hasLocalAs = "local-as" in announce || "local-as" in attributes;
    written.push({ service, path: ["when", variant], attributes, hasLocalAs });
  }
  return written.flatMap((one) => [
    ...prependProblems(one),
    ...nextHopProblems(one),
    ...hidingProblems(one),
    ...twiceProblems(one, "communities", parseCommunity),
    ...twiceProblems(one, "large-communities", parseLargeCommunity),
    ...twiceProblems(one, "extended-communities", parseExtendedCommunity),
    ...twiceProblems(one, "neighbors", (text) => parseAddress(text)?.text),
  ]);
}

/** ExaBGP sends an explicit AS path as it is, also on eBGP: without the own number it cannot be made. */
function prependProblems({ service, path, attributes, hasLocalAs }: Written): Problem[] {
  const prepend = attributes["as-path-prepend"] ?? 0;
  if (prepend === 0 || hasLocalAs) return [];
  const place = path[0] === "announce" ? "beside it" : "here or in announce";
  const message = `${prepend} needs local-as`;
  return [problemAt(service, [...path, "as-path-prepend"], message, `0, or local-as ${place}`)];
}

function nextHopProblems({ service, path: above, attributes }: Written): Problem[] {
  const nextHop = attributes["next-hop"];
  if (nextHop === undefined || nextHop === "self") return [];
  const path = [...above, "next-hop"];
  return ([4, 6] as const).flatMap((family) => {
    const prefix = (service.draft.prefixes ?? []).find(
      (text) => text !== undefined && parsePrefix(text)?.family === family,
    );
    const allowed = `self, or an IPv${family} address`;
    if (typeof nextHop === "string") {
      if (prefix === undefined || parseAddress(nextHop)?.family === family) return [];
      const message = `${nextHop} is no IPv${family} address, as ${prefix} needs`;
      return [problemAt(service, path, message, `${allowed}, or { ipv4: …, ipv6: … }`)];
    }
    const own = nextHop[`ipv${family}`];
    const ownPath: Path = [...path, `ipv${family}`];
    if (own === undefined) {
      // One that is wrong in itself was given.
      if (prefix === undefined || `ipv${family}` in nextHop) return [];
      return [problemAt(service, ownPath, `is missing for ${prefix}`, allowed)];
    }
    if (own === "self" || parseAddress(own)?.family === family) return [];
    return [problemAt(service, ownPath, `${own} is no IPv${family} address`, allowed)];
  });
}

function hidingProblems({ service, path, attributes }: Written): Problem[] {
  if ("allow" in service.draft) return [];
  return (attributes.communities ?? []).flatMap((text, index) => {
    const why = HIDING_COMMUNITIES.get(parseCommunity(text ?? "") ?? "");
    if (why === undefined) return [];
    const message = `${text} hides the service: ${why}`;
    const allowed = "this with allow: [hide]";
    return [problemAt(service, [...path, "communities", index], message, allowed)];
  });
}

function twiceProblems(
  { service, path, attributes }: Written,
  key: "communities" | "large-communities" | "extended-communities" | "neighbors",
  parse: (text: string) => string | undefined,
): Problem[] {
  const seen = new Map<string, number>();
  return (attributes[key] ?? []).flatMap((text, index) => {
    const community = text === undefined ? undefined : parse(text);
    if (community === undefined) return [];
    const earlier = seen.get(community);
    if (earlier === undefined) seen.set(community, index);
    if (earlier === undefined) return [];
    const message = `${text} is the same as ${key}[${earlier}]`;
    const what = key === "neighbors" ? "neighbor" : "community";
    return [problemAt(service, [...path, key, index], message, `each ${what} once`)];
  });
}
