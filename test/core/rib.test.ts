import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { normalizeRoute, type Route } from "exabgp-ts-bridge";
import { pass } from "../../checks/probe.ts";
import type { ServicePlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Wire } from "../../src/core/drift.ts";
import { heldAt, isSame, type HeldRoute } from "../../src/core/rib.ts";
import type { AgentState, Step } from "../../src/core/state.ts";
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

  it("of another's route does not make its neighbor one that is to have ours", () => {
    const { rib } = step(state, { type: "rib", askedMs: 5, routes, ...QUIET }, 10).state;
    assert.deepEqual([...(rib?.carriers.ipv4.keys() ?? [])], ["198.51.100.1", "198.51.100.9"]);
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

describe("a prefix that a reload took out", () => {
  const OURS = "198.51.100.1";

  /** Announced, taken out, withdrawn, and that answered at 20. */
  function takenOut(): AgentState {
    const first = settled(announced(), 10);
    const reload = { type: "reload", plan: planOf("web"), actor: "agent", force: true } as const;
    // Its other prefix: one of the same name would stay.
    const plan = { ...reload.plan, services: reload.plan.services.map(elsewhere) };
    return settled(step(first, { ...reload, plan }, 20), 20);
  }

  it("is withdrawn once more as long as ExaBGP holds it", () => {
    const first = step(takenOut(), listing(30, [held({}, OURS)]), 31);
    // Not at every listing, and not forgotten between.
    const second = step(settled(first, 32), listing(1030, [held({}, OURS)]), 1031);
    assert.deepEqual(second.actions, []);
    assert.ok(second.state.routes.has(PREFIX));
    assert.deepEqual(
      first.actions.flatMap((action) => (action.type === "withdraw" ? [action.route.prefix] : [])),
      [PREFIX],
    );
  });

  it("is nobody's once ExaBGP has shown that it is gone: what others announce then stays", () => {
    const gone = step(takenOut(), listing(30, []), 31).state;
    assert.equal(gone.routes.has(PREFIX), false);
    const { state, actions } = step(gone, listing(60, [held({ med: 9 }, OURS)]), 61);
    assert.deepEqual(actions, []);
    assert.equal(state.rib?.foreign.count, 1);
  });

  it("is still ours as long as the withdrawal has no answer, or the last UPDATE announced it", () => {
    const asked = step(takenOut(), listing(19, []), 31).state;
    assert.ok(asked.routes.has(PREFIX));
    const sent = new Map([[PREFIX, [{ neighbor: OURS, action: "announce" as const, atMs: 20 }]]]);
    const wire = { sent, sentAtMs: new Map(), up: new Set([OURS]) };
    const first = step(takenOut(), { ...listing(30, []), wire }, 31);
    assert.ok(first.state.routes.has(PREFIX));
    const { actions } = step(first.state, { ...listing(9000, []), wire }, 9001);
    assert.ok(actions.some(({ type }) => type === "withdraw"));
  });
});

describe("a neighbor whose session comes up for the first time", () => {
  const [OLD, NEW, NEW6] = ["198.51.100.1", "198.51.100.2", "2001:db8::2"] as const;

  function cameUp(...neighbors: string[]): Wire {
    const up = new Set(neighbors);
    return { sent: new Map(), sentAtMs: new Map(), up, cameUp: up };
  }

  it("is given what it does not hold", () => {
    const { state } = step(settled(announced(), 10), listing(20, [held({}, OLD)]), 21);
    const { actions, ...next } = step(
      state,
      { ...listing(30, [held({}, OLD)]), wire: cameUp(NEW) },
      31,
    );
    assert.deepEqual(
      actions.map(({ type }) => type),
      ["drift", "announce"],
    );
    const both = [held({}, OLD), held({}, NEW)];
    const after = step(
      settled({ ...next, actions }, 32),
      { ...listing(40, both), wire: cameUp(NEW) },
      41,
    );
    assert.deepEqual(after.actions, []);
    assert.deepEqual(
      [...after.state.drifts.values()].map(({ findings }) => findings),
      [[]],
    );
  });

  it("is asked no more of when it takes nothing, until it comes up again", () => {
    let { state } = step(settled(announced(), 10), listing(20, [held({}, OLD)]), 21);
    const seen = [NEW, NEW, NEW, undefined, NEW].map((one, nth) => {
      const atMs = 1000 * (nth + 1);
      const wire = one === undefined ? QUIET.wire : cameUp(one);
      const taken = step(state, { ...listing(atMs, [held({}, OLD)]), wire }, atMs + 1);
      state = settled(taken, atMs + 2);
      return taken.actions.length > 0;
    });
    assert.deepEqual(seen, [true, false, false, false, true]);
    assert.deepEqual(state.rib?.carriers.ipv4.has(NEW), true);
  });

  it("of the other kind of address is not taken for one of the family", () => {
    const { actions } = step(
      settled(announced(), 10),
      { ...listing(20, [held({}, OLD)]), wire: cameUp(OLD, NEW6) },
      21,
    );
    assert.deepEqual(actions, []);
  });

  it("that the prefix is not meant for does not get it", () => {
    const { actions } = step(
      settled(announced([OLD]), 10),
      { ...listing(20, [held({}, OLD)]), wire: cameUp(OLD, NEW) },
      21,
    );
    assert.deepEqual(actions, []);
  });
});

function listing(askedMs: number, routes: readonly HeldRoute[]) {
  return { type: "rib" as const, askedMs, routes, ...QUIET };
}

/** The service is up, and its announcement has no answer yet. */
function announced(neighbors?: readonly string[]): Step {
  const plan = planOf("dns");
  const services = plan.services.map((service) => ({
    ...service,
    routes: service.routes.map((route) => ({ ...route, ...(neighbors && { neighbors }) })),
  }));
  const { state } = startAgent({ ...plan, services }, new Map(), [], 0);
  const at = { startedMs: 5, elapsedMs: 1 };
  return step(state, { type: "result", check: "dns/port", result: pass(), ...at }, 6);
}

/** ExaBGP says `done` to all of it. */
function settled({ state, actions }: Step, nowMs: number): AgentState {
  const answers = actions.flatMap((action) =>
    action.type === "announce" || action.type === "withdraw"
      ? [{ prefix: action.route.prefix, change: action.change, done: true }]
      : [],
  );
  return step(state, { type: "answers", answers }, nowMs).state;
}

function elsewhere(service: ServicePlan): ServicePlan {
  return { ...service, routes: [{ prefix: "203.0.113.0/32", nextHop: "self" }] };
}
