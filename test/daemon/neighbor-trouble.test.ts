/** Prefixes that no neighbor can have, and neighbors that do not exist: in words, and in the whole agent. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { ConfiguredNeighbor, Route } from "exabgp-ts-bridge";
import { indexPlan } from "../../src/core/index-plan.ts";
import { NeighborTroubles } from "../../src/daemon/neighbor-trouble.ts";
import { planOf } from "./fixtures.ts";
import { createSite, ScriptedExabgp, webConfig } from "./scripted-exabgp.ts";

const [FOUR, SIX] = ["198.51.100.1", "2001:db8:1::1"] as const;
const PREFIX = "2001:db8:53::/48";

function told(route: Route, neighbors?: Readonly<Record<string, readonly ("ipv4" | "ipv6")[]>>) {
  const plan = planOf("dns");
  const services = plan.services.map((service) => ({ ...service, routes: [route] }));
  const configured = Object.entries(neighbors ?? {}).map(
    ([neighbor, families]): ConfiguredNeighbor => ({ neighbor, families, localAddress: undefined }),
  );
  return new NeighborTroubles().judge({
    index: indexPlan({ ...plan, services }),
    neighbors: neighbors === undefined ? undefined : configured,
  });
}

const self = { prefix: PREFIX, nextHop: "self" };
const both = ["ipv4", "ipv6"] as const;
const MEND =
  "next-hop self is no IPv6 address on an IPv4 session; write next-hop: { ipv4: self, ipv6: ADDRESS }, or give IPv6 a session of its own";

const cases: readonly {
  name: string;
  route: Route;
  neighbors?: Parameters<typeof told>[1];
  tells: ReturnType<typeof told>;
}[] = [
  { name: "nothing while nobody knows", route: { ...self, neighbors: [FOUR] }, tells: {} },
  {
    name: "an IPv4 session alone",
    route: self,
    neighbors: { [FOUR]: both },
    tells: { "next-hop-family": `${PREFIX} (${FOUR}) not announced at all: ${MEND}` },
  },
  {
    name: "an IPv4 session among others",
    route: self,
    neighbors: { [FOUR]: both, [SIX]: both },
    tells: { "next-hop-family": `${PREFIX} (${FOUR}) announced to others only: ${MEND}` },
  },
  {
    name: "a session each",
    route: self,
    neighbors: { [FOUR]: ["ipv4"], [SIX]: ["ipv6"] },
    tells: {},
  },
  {
    name: "an address for the next hop",
    route: { ...self, nextHop: "2001:db8::1" },
    neighbors: { [FOUR]: both },
    tells: {},
  },
  {
    name: "IPv4 over IPv6",
    route: { prefix: "192.0.2.0/24", nextHop: "self" },
    neighbors: { [SIX]: both },
    tells: {},
  },
  {
    name: "a session that is not meant",
    route: { ...self, neighbors: [SIX] },
    neighbors: { [FOUR]: both, [SIX]: both },
    tells: {},
  },
  {
    name: "a family that nobody takes",
    route: self,
    neighbors: { [SIX]: ["ipv4"] },
    tells: {
      "family-missing": `${PREFIX} (ipv6 unicast): no neighbor in exabgp.conf takes the family, so nobody hears it`,
    },
  },
  {
    name: "a neighbor that is not there",
    route: { ...self, neighbors: [SIX, "2001:db8:1::9"] },
    neighbors: { [SIX]: both },
    tells: { "unknown-neighbor": "2001:db8:1::9 of dns: ExaBGP has no such neighbor" },
  },
];

for (const { name, route, neighbors, tells } of cases) {
  it(`judges ${name}`, () => assert.deepEqual(told(route, neighbors), tells));
}

it("an agent writes no such line, says so once, and goes on with the rest", async (context) => {
  const site = await createSite(context);
  site.writeConfig(webConfig(site.port, `192.0.2.0/24, "${PREFIX}"`));
  const exabgp = new ScriptedExabgp(site);
  exabgp.neighbors = [[FOUR, "ipv4", "ipv6"]];
  const { problems, services } = await exabgp.waitForStatus(
    "IPv4 alone to be told",
    (status) =>
      status.problems.length > 0 &&
      status.services.some(({ routes }) => routes[0]?.answer === "done"),
  );
  assert.deepEqual(
    problems.map(({ word }) => word),
    ["next-hop-family"],
  );
  const [, six] = services[0]?.routes ?? [];
  assert.deepEqual([six?.wanted, six?.told, six?.withheld], ["withdraw", "withdrawn", [FOUR]]);
  assert.deepEqual(
    six?.neighbors.map(({ neighbor, wanted }) => `${neighbor} ${wanted}`),
    [`${FOUR} withdraw`],
  );
  assert.deepEqual(exabgp.commands, ["announce route 192.0.2.0/24 next-hop self"]);
  assert.equal(exabgp.stderr.split("next-hop self is no IPv6 address").length, 2);
});
