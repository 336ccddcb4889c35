/** The attributes of routes with their defaults, in the words of the file. */
import { parseCommunity, parseExtendedCommunity, parseLargeCommunity } from "./community.ts";
import { parseAddress } from "./prefix.ts";
import { overlayOf } from "./overlay.ts";
import { Announce } from "./schema-announce.ts";
import type { When } from "./schema-service.ts";
import type { Filled } from "./timing.ts";

/** Attributes that are absent have no default: they are not sent. */
export function fillAnnounce(announce: Announce): Announce {
  return canonical({
    ...announce,
    "next-hop": announce["next-hop"] ?? "self",
    origin: announce.origin ?? "igp",
    "as-path-prepend": announce["as-path-prepend"] ?? 0,
  });
}

/** What is announced in other states, before it is laid over `announce`. */
export function fillWhen(announce: Announce, when: When | undefined): Filled<When> {
  const fill = (variant: keyof When) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing was cut out of a whole service
    const overlay = overlayOf(announce, when, variant) as "withdraw" | Announce;
    return overlay === "withdraw" ? overlay : canonical(overlay);
  };
  return { down: fill("down"), degraded: fill("degraded"), draining: fill("draining") };
}

function canonical(announce: Announce): Announce {
  const lists = {
    communities: numbers(announce.communities, parseCommunity),
    "large-communities": numbers(announce["large-communities"], parseLargeCommunity),
    "extended-communities": numbers(announce["extended-communities"], parseExtendedCommunity),
    neighbors: numbers(announce.neighbors, (text) => parseAddress(text)?.text),
  };
  const filled = {
    ...announce,
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  };
  // In the order of the reference, whatever the order of the file.
  const order = Object.keys(Announce.shape);
  return Object.fromEntries(
    Object.entries(filled).toSorted(
      ([left], [right]) => order.indexOf(left) - order.indexOf(right),
    ),
  );
}

function numbers(
  texts: readonly string[] | undefined,
  parse: (text: string) => string | undefined,
): string[] {
  return (texts ?? []).map((text) => parse(text) ?? text);
}
