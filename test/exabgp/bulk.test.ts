/** Bulk lines, asked of the ExaBGP that the tests run with (see version.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Route } from "exabgp-ts-bridge";
import type { Order, Report } from "./child.ts";
import type { Child } from "./children.ts";
import { neighbor, RealExabgp } from "./real-exabgp.ts";

const QUESTION = "show adj-rib out extensive";

/** More than a small change has, and no multiple of what is on one line. */
const COUNT = 50;

const KINDS: readonly { readonly name: string; readonly route: Omit<Route, "prefix"> }[] = [
  { name: "without attributes", route: { nextHop: "self" } },
  {
    name: "with every attribute",
    route: {
      nextHop: "198.51.100.1",
      origin: "egp",
      asPath: [64_496, 64_496, 4_200_000_000],
      med: 4_294_967_295,
      localPreference: 200,
      communities: ["64496:1", "65535:0"],
      largeCommunities: ["64496:1:2", "4294967295:1:2"],
      extendedCommunities: ["target:64496:7", "origin:4200000000:7"],
    },
  },
  { name: "for one neighbor", route: { nextHop: "self", neighbors: ["127.0.0.3"] } },
  {
    name: "for two neighbors",
    route: { nextHop: "self", med: 1, neighbors: ["127.0.0.2", "127.0.0.3"] },
  },
];

function prefixes(family: 4 | 6): string[] {
  return Array.from({ length: COUNT }, (_, nth) =>
    family === 4 ? `10.0.${nth}.0/24` : `2001:db8:${(nth + 1).toString(16)}::/48`,
  );
}

/** All in one moment; @returns the lines that were written. */
async function change(
  child: Child,
  verb: "announce" | "withdraw",
  routes: readonly Route[],
): Promise<Set<string>> {
  const orders = routes.map((route, id): Order => ({ id, verb, route }));
  child.send(`${JSON.stringify({ verb: "at-once", orders } satisfies Order)}\n`);
  const lines = new Set<string>();
  for (const _ of routes) {
    // The child is the only one that writes here.
    const told = JSON.parse(await child.line()) as Report;
    assert.ok(told.kind === "settled", JSON.stringify(told));
    assert.equal(told.settlement.outcome, "done", told.settlement.line);
    lines.add(told.settlement.line ?? "");
  }
  return lines;
}

/** What ExaBGP holds, by neighbor and prefix. */
async function held(child: Child): Promise<Map<string, Route | undefined>> {
  child.send(`${JSON.stringify({ id: 0, verb: "list" } satisfies Order)}\n`);
  const told = JSON.parse(await child.line()) as Report;
  assert.ok(told.kind === "listing" && told.listing.outcome === "done", JSON.stringify(told));
  return new Map(
    told.listing.routes.map(({ neighbor: whose, prefix, route }) => [`${whose} ${prefix}`, route]),
  );
}

for (const { name, route } of KINDS) {
  for (const family of [4, 6] as const) {
    test(`${COUNT} IPv${family} prefixes ${name} are announced and withdrawn by five lines`, async (context) => {
      const neighbors = ["127.0.0.2", "127.0.0.3"];
      const both = neighbors.map((one) => neighbor(one)).join("");
      const child = await (await RealExabgp.start(context, "bridge", both)).child();
      await child.line();
      const nextHop = family === 4 ? route.nextHop : "2001:db8::1";
      const routes = prefixes(family).map((prefix): Route => ({ ...route, prefix, nextHop }));
      const lines = [...(await change(child, "announce", routes))];
      assert.deepEqual(
        lines.map((line) => line.replace(/^.* nlri /, "").split(" ").length),
        [12, 12, 12, 12, 2],
      );
      assert.ok(lines.every((line) => line.includes("announce attributes next-hop ")));
      const known = await held(child);
      const expected = (route.neighbors ?? neighbors).flatMap((whose) =>
        prefixes(family).map((prefix) => `${whose} ${prefix}`),
      );
      assert.deepEqual([...known.keys()].toSorted(), expected.toSorted());
      assert.ok([...known.values()].every((one) => one?.med === route.med));
      assert.equal((await change(child, "withdraw", routes)).size, 5);
      assert.deepEqual([...(await held(child)).keys()], []);
    });
  }
}

test("nothing is applied of a bulk line with a prefix that ExaBGP cannot take", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  for (const wrong of ["10.0.1.0/33", "10.0.1.1/24"]) {
    for (const verb of ["announce", "withdraw"]) {
      child.send(`${verb} attributes next-hop 198.51.100.1 nlri 10.0.0.0/24 ${wrong}\n`);
      child.send(`${QUESTION}\n`);
      const answer: string[] = [];
      do answer.push(await child.line());
      while (answer.at(-1) !== "done");
      context.diagnostic(`${verb} ${wrong}: ${answer.join(" | ")}`);
      assert.ok(!answer.some((line) => line.includes("10.0.0.0/24")), answer.join("\n"));
    }
  }
});
