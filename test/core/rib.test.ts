import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { normalizeRoute, type Route } from "exabgp-ts-bridge";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import { heldAt, isSame, type HeldRoute } from "../../src/core/rib.ts";
import { planOf } from "../daemon/fixtures.ts";

const QUIET = {
  wire: { sent: new Map(), sentAtMs: new Map(), up: new Set<string>() },
  selects: true,
  tellsAttributes: true,
};
const PREFIX = "192.0.2.0/32";

function held(attributes: Partial<Route> = {}, neighbor = "198.51.100.1"): HeldRoute {
  const route = normalizeRoute({ prefix: PREFIX, nextHop: "self", ...attributes });
  return { neighbor, prefix: PREFIX, route, localAddress: "198.51.100.2" };
}

describe("a route that ExaBGP holds", () => {
  const cases: readonly (readonly [string, Partial<Route>, Partial<Route>, boolean])[] = [
    ["nothing but the prefix", {}, {}, true],
    ["self for its address", { nextHop: "198.51.100.2" }, {}, true],
    ["the address for self", {}, { nextHop: "198.51.100.2" }, true],
    ["another address", { nextHop: "198.51.100.3" }, {}, false],
    ["the default origin", { origin: "igp" }, {}, true],
    ["another origin", { origin: "egp" }, {}, false],
    [
      "an address and a number that are listed like a number and an address",
      { extendedCommunities: ["origin:7:3221225985"] },
      { extendedCommunities: ["origin:192.0.2.1:7"] },
      true,
    ],
    [
      "another address of an extended community",
      { extendedCommunities: ["origin:7:3221225985"] },
      { extendedCommunities: ["origin:192.0.2.2:7"] },
      false,
    ],
    ["the default preference", { localPreference: 100 }, {}, true],
    ["another preference", { localPreference: 200 }, {}, false],
    ["a MED that was not asked for", { med: 0 }, {}, false],
    ["no MED", {}, { med: 0 }, false],
    ["communities", { communities: ["1:2", "65535:0"] }, { communities: ["65535:0", "1:2"] }, true],
    ["one community more", { communities: ["1:2", "65535:0"] }, { communities: ["1:2"] }, false],
    ["another path", { asPath: [1, 2] }, { asPath: [2, 1] }, false],
    ["for some neighbors", {}, { neighbors: ["198.51.100.1"] }, true],
    ["large communities", { largeCommunities: ["1:2:3"] }, {}, false],
    ["extended communities", { extendedCommunities: ["target:1:2"] }, {}, false],
  ];
  for (const [what, found, wanted, same] of cases) {
    it(`with ${what} is ${same ? "as wanted" : "another"}`, () => {
      const route = normalizeRoute({ prefix: PREFIX, nextHop: "self", ...wanted });
      assert.equal(isSame(held(found), route), same);
    });
  }

  it("with attributes that cannot be said is another", () => {
    assert.equal(
      isSame({ ...held(), route: undefined }, { prefix: PREFIX, nextHop: "self" }),
      false,
    );
  });
});

describe("a listing", () => {
  const { state } = startAgent(planOf("dns"), new Map(), [], 0);
  const wanted = { prefix: PREFIX, nextHop: "self" };
  const routes = [
    held(),
    held({ med: 5 }, "198.51.100.9"),
    { ...held({}, "198.51.100.8"), prefix: "203.0.113.0/24" },
  ];

  it("is kept for the prefixes of ours, and the others are counted", () => {
    const { rib } = step(state, { type: "rib", askedMs: 5, routes, ...QUIET }, 10).state;
    assert.equal(rib?.askedMs, 5);
    assert.deepEqual([...(rib?.held.keys() ?? [])], [PREFIX]);
    assert.deepEqual(rib?.foreign, { count: 1, first: ["203.0.113.0/24"] });
    const at = ["198.51.100.1", "198.51.100.9", "198.51.100.8"];
    assert.deepEqual(
      at.map((neighbor) => heldAt(rib, wanted, neighbor)),
      ["yes", "differs", "no"],
    );
    assert.equal(heldAt(undefined, wanted, "198.51.100.1"), "unknown");
  });

  it("forgets a neighbor's family when it has listed nothing of it for long", () => {
    let known = step(state, { type: "rib", askedMs: 5, routes, ...QUIET }, 10).state;
    for (let nth = 0; nth < 5; nth += 1) {
      known = step(
        known,
        { type: "rib", askedMs: 20 + nth, routes: [held()], ...QUIET },
        30 + nth,
      ).state;
      assert.ok(known.rib?.carriers.ipv4.has("198.51.100.9"), String(nth));
    }
    known = step(known, { type: "rib", askedMs: 40, routes: [held()], ...QUIET }, 41).state;
    assert.deepEqual([...(known.rib?.carriers.ipv4 ?? [])], [["198.51.100.1", 0]]);
  });
});
