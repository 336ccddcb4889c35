/** Attributes that fit one another and the prefixes. */
import { parseCommunity, parseExtendedCommunity, parseLargeCommunity } from "./community.ts";
import { parseAddress, parsePrefix } from "./prefix.ts";
import type { Path, Problem } from "./problem.ts";
import { problemAt, type ServiceSource } from "./source.ts";

export function announceProblems(service: ServiceSource): Problem[] {
  return [
    ...prependProblems(service),
    ...nextHopProblems(service),
    ...twiceProblems(service, "communities", parseCommunity),
    ...twiceProblems(service, "large-communities", parseLargeCommunity),
    ...twiceProblems(service, "extended-communities", parseExtendedCommunity),
  ];
}

/** ExaBGP sends an explicit AS path as it is, also on eBGP: without the own number it cannot be made. */
function prependProblems(service: ServiceSource): Problem[] {
  const announce = service.draft.announce ?? {};
  const prepend = announce["as-path-prepend"] ?? 0;
  // A local-as that is wrong in itself was given.
  if (prepend === 0 || "local-as" in announce) return [];
  const path = ["announce", "as-path-prepend"];
  return [problemAt(service, path, `${prepend} needs local-as`, "0, or local-as beside it")];
}

function nextHopProblems(service: ServiceSource): Problem[] {
  const nextHop = service.draft.announce?.["next-hop"];
  if (nextHop === undefined || nextHop === "self") return [];
  const path = ["announce", "next-hop"];
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

function twiceProblems(
  service: ServiceSource,
  key: "communities" | "large-communities" | "extended-communities",
  parse: (text: string) => string | undefined,
): Problem[] {
  const seen = new Map<string, number>();
  return (service.draft.announce?.[key] ?? []).flatMap((text, index) => {
    const community = text === undefined ? undefined : parse(text);
    if (community === undefined) return [];
    const earlier = seen.get(community);
    if (earlier === undefined) seen.set(community, index);
    if (earlier === undefined) return [];
    const message = `${text} is the same as ${key}[${earlier}]`;
    return [problemAt(service, ["announce", key, index], message, "each community once")];
  });
}
