/** Every attribute of `announce`, one service each, and how a route is written down to be compared. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../lab/repository.ts";
import type { UpstreamRoute } from "../lab/upstream-types.ts";

/** What stands behind `announce:`, by the name of the service. */
const ANNOUNCEMENTS = {
  plain: "{}",
  med: "{ med: 4294967295 }",
  "local-preference": "{ local-preference: 250 }",
  "origin-igp": "{ origin: igp }",
  "origin-egp": "{ origin: egp }",
  "origin-incomplete": "{ origin: incomplete }",
  "next-hop": "{ next-hop: { ipv4: 10.20.1.77, ipv6: 'fd20:1::77' } }",
  prepend: "{ local-as: 64496, as-path-prepend: 2 }",
  communities: "{ communities: ['64496:100', '0:0', '65535:65280'] }",
  names: "{ communities: [graceful-shutdown, no-export, no-export-subconfed, no-peer] }",
  large: "{ large-communities: ['64496:1:2', '4294967295:0:4294967295'] }",
  "extended-2-octets": "{ extended-communities: ['target:64496:7', 'target:64496:4294967295'] }",
  "extended-4-octets": "{ extended-communities: ['target:4200000000:7'] }",
  "extended-address": "{ extended-communities: ['target:192.0.2.1:65535'] }",
  "extended-origin": "{ extended-communities: ['origin:64496:8', 'origin:4200000000:8'] }",
  all: "{ med: 1, local-preference: 2, origin: egp, communities: ['64496:3'], large-communities: ['64496:4:5'], extended-communities: ['target:64496:6'] }",
} as const;

/** Passes as long as the host runs. */
const ALIVE = "{ alive: { type: file, path: /proc/self/stat } }";

/** Services whose routes are compared; two prefixes each. */
export const GOLDEN_SERVICES = Object.keys(ANNOUNCEMENTS);

export function goldenPrefixes(service: string): { ipv4: string; ipv6: string } {
  const number = GOLDEN_SERVICES.indexOf(service) + 1;
  return { ipv4: `198.51.100.${number}/32`, ipv6: `2001:db8:${number}::/48` };
}

/** `services` of anyctl.yaml, without the key. */
export function goldenServices(): string {
  return Object.entries(ANNOUNCEMENTS)
    .map(([service, announce]) => {
      const { ipv4, ipv6 } = goldenPrefixes(service);
      return `  ${service}:
    prefixes: [${ipv4}, "${ipv6}"]
    scope: local
    announce: ${announce}
    checks: ${ALIVE}
`;
    })
    .join("");
}

/** One line: what was on the wire, as the router has decoded it. A router's own preference is left out on eBGP. */
export function describeRoute(route: UpstreamRoute, session: "ebgp" | "ibgp"): string {
  const { prefix, nextHop, origin, asPath, med, localPreference } = route;
  const words = [
    prefix,
    `next-hop ${nextHop}`,
    `origin ${origin}`,
    `as-path [${asPath.join(" ")}]`,
    ...(med === undefined ? [] : [`med ${med}`]),
    ...(session === "ebgp" ? [] : [`local-preference ${localPreference}`]),
    ...list("communities", route.communities),
    ...list("large", route.largeCommunities),
    ...list("extended", route.extendedCommunities),
  ];
  return words.join(" ");
}

function list(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`${name} [${values.join(" ")}]`];
}

/** UPDATE_EXPECTED=1 writes the file anew. */
export function assertExpected(file: string, text: string): void {
  const path = join(REPOSITORY, "test/routers/expected", file);
  if (process.env["UPDATE_EXPECTED"] === "1") writeFileSync(path, text);
  assert.equal(text, readFileSync(path, "utf8"));
}
