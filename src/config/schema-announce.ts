/** `announce`: the attributes of a service's routes. */
import { NEIGHBORS_MAX } from "exabgp-ts-bridge";
import { z } from "zod";
import { isNeighborAddress, nextHopMistake } from "./address-space.ts";
import { parseCommunity, parseExtendedCommunity, parseLargeCommunity } from "./community.ts";
import { integer, list, text, word } from "./leaf.ts";
import { COMMUNITIES_MAX, PREPENDS_MAX } from "./limits.ts";
import { parseAddress } from "./prefix.ts";

const UINT32_MAX = 0xff_ff_ff_ff;

/** RFC 7607 (0), RFC 6793 (23456), RFC 7300 (65535, 4294967295): never the number of a network. */
const RESERVED_AS_NUMBERS = new Set([0, 23_456, 65_535, UINT32_MAX]);

const NextHopAddress = text(
  "self or an address that routers can reach: not loopback, unspecified, multicast, reserved or fe80::/10",
  (value) => {
    const address = parseAddress(value);
    return value === "self" || (address !== undefined && nextHopMistake(address) === undefined);
  },
);

const NextHop = z.union(
  [
    NextHopAddress,
    z.strictObject({
      ipv4: NextHopAddress.optional().describe("For IPv4 prefixes: `self` or an address. [absent]"),
      ipv6: NextHopAddress.optional().describe("For IPv6 prefixes: `self` or an address. [absent]"),
    }),
  ],
  "must be self, an address, or { ipv4: ADDRESS, ipv6: ADDRESS }",
);

const Community = text(
  "two numbers from 0 to 65535 such as 64496:100, or a well-known name such as no-export",
  (value) => parseCommunity(value) !== undefined,
);

export const Announce = z.strictObject({
  "next-hop": NextHop.optional().describe(
    "`self` (ExaBGP's own address on the session), an address, or one per family: `{ ipv4: …, ipv6: … }`. An IPv6 prefix with `self` is not announced over IPv4 sessions, which have no such address. [self]",
  ),
  med: integer(0, UINT32_MAX)
    .optional()
    .describe("MULTI_EXIT_DISC: the neighbor prefers the smaller. [absent]"),
  "local-preference": integer(0, UINT32_MAX)
    .optional()
    .describe("LOCAL_PREF; never sent on eBGP (RFC 4271 section 5.1.5). [absent]"),
  origin: word(["igp", "egp", "incomplete"]).optional().describe("ORIGIN. [igp]"),
  "as-path-prepend": integer(0, PREPENDS_MAX)
    .optional()
    .describe("How many times `local-as` is added to the AS path; needs `local-as`. [0]"),
  "local-as": integer(1, UINT32_MAX - 1)
    .refine(
      (as) => !RESERVED_AS_NUMBERS.has(as),
      "must be the number of a network: 23456 and 65535 are reserved",
    )
    .optional()
    .describe("The AS number of this PoP's sessions, as in exabgp.conf. [absent]"),
  communities: list(Community, COMMUNITIES_MAX)
    .optional()
    .describe(
      "Standard communities (RFC 1997): `64496:100`, or a well-known name, which is sent as its number. [none]",
    ),
  "large-communities": list(
    text(
      "three numbers from 0 to 4294967295 such as 64496:1:2",
      (value) => parseLargeCommunity(value) !== undefined,
    ),
    COMMUNITIES_MAX,
  )
    .optional()
    .describe("Large communities (RFC 8092): `64496:1:2`. [none]"),
  "extended-communities": list(
    text(
      "target:AS:NUMBER or origin:AS:NUMBER, of which one number is at most 65535, or target:ADDRESS:NUMBER with an IPv4 address",
      (value) => parseExtendedCommunity(value) !== undefined,
    ),
    COMMUNITIES_MAX,
  )
    .optional()
    .describe(
      "Extended communities (RFC 4360): `target:64496:7`, `origin:64496:7`, `target:192.0.2.1:7`. [none]",
    ),
  neighbors: list(
    text("the address of a neighbor, as in exabgp.conf", (value) => {
      const address = parseAddress(value);
      return address !== undefined && isNeighborAddress(address);
    }),
    NEIGHBORS_MAX,
  )
    .optional()
    .describe(
      "Addresses of the neighbors that get the routes, as in exabgp.conf; not possible with ExaBGP 6.0. [all]",
    ),
});
export type Announce = z.infer<typeof Announce>;

/** What is announced otherwise in a state: all but who hears of it. */
const Laid = Announce.omit({ neighbors: true });

/** `when.STATE`: the same keys, with other defaults. */
export const Overlay = describeAnew(Laid);

function describeAnew(schema: typeof Laid): typeof Laid {
  const shape = Object.entries(schema.shape).map(([key, value]) => {
    const fallback = key.endsWith("communities") ? "none added" : "as in announce";
    const description = (value.description ?? "").replace(/\[[^[\]]*\]$/, `[${fallback}]`);
    return [key, value.describe(description)];
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- describing a key does not change its type
  return z.strictObject(Object.fromEntries(shape), { error: misplaced }) as unknown as typeof Laid;
}

/** Whoever writes `neighbors` there wants something that is done by a service of its own. */
function misplaced(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "unrecognized_keys" || !issue.keys.includes("neighbors")) return undefined;
  const keys = Object.keys(Laid.shape).join(", ");
  return `must be ${keys}; neighbors in announce only, because a prefix has the same neighbors in every state`;
}
