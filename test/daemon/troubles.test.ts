import assert from "node:assert/strict";
import { it } from "node:test";
import type { Route } from "exabgp-ts-bridge";
import type { OwnAddresses } from "../../checks/own-addresses.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { AgentState } from "../../src/core/state.ts";
import { stepRib } from "../../src/core/step-rib.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { healthOf, headOf } from "../../src/daemon/status.ts";
import { Troubles } from "../../src/daemon/troubles.ts";
import { STATUS } from "../control/fixtures.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

const [A, B] = ["198.51.100.1", "198.51.100.2"] as const;

interface Site {
  readonly look: (afterMs: number) => string[];
  /** ExaBGP lists the first prefix for these. */
  readonly list: (neighbors: readonly string[]) => void;
  readonly health: () => { readonly ok: boolean; readonly problems?: readonly string[] };
  readonly sessions: Map<string, { readonly state: string }>;
  readonly own: Set<string>;
}

/** Services by name, each with the neighbors of its prefix; all are announced. */
function siteOf(services: Readonly<Record<string, readonly string[] | undefined>>): Site {
  const names = Object.keys(services);
  const base = planOf(...names);
  const plan = {
    ...base,
    services: base.services.map((service) => {
      const neighbors = services[service.name];
      const route = (one: Route): Route => ({ ...one, ...(neighbors && { neighbors }) });
      return { ...service, routes: service.routes.map(route) };
    }),
  };
  const owned = new Map(
    plan.services.flatMap(({ name, routes }) =>
      routes.map(
        (route) => [route.prefix, { route, services: [name], shared: "all" as const }] as const,
      ),
    ),
  );
  let state: AgentState = startAgent(plan, owned, [], 0).state;
  const clock = manualClock();
  const problems = new Problems(clock, memoryLog().log);
  const sessions: Site["sessions"] = new Map();
  const own = new Set(["192.0.2.0"]);
  const ownAddresses: OwnAddresses = { has: () => own.size > 0 };
  const status = { phase: "ready", identity: undefined, acks: "on", queued: 0, inFlight: 0 };
  const bridge = { status: () => ({ ...status, sessions }) as never };
  const troubles = new Troubles({ clock, problems, bridge, ownAddresses });
  return {
    sessions,
    own,
    list: (neighbors) => {
      const [prefix = ""] = owned.keys();
      const routes = neighbors.map((neighbor) => {
        return { neighbor, prefix, route: undefined, localAddress: undefined };
      });
      const wire = { up: new Set<string>(), sent: new Map(), sentAtMs: new Map() };
      const listing = { askedMs: 0, routes, tellsAttributes: false, wire, selects: true };
      state = stepRib(state, { type: "rib", ...listing }, clock.nowMs()).state;
    },
    look: (afterMs) => {
      clock.advance(afterMs);
      troubles.look(state);
      return problems.list().map(({ word, detail }) => `${word}: ${detail}`);
    },
    health: () =>
      healthOf(
        headOf({
          moment: { nowMs: 0, wallMs: 0 },
          version: "0",
          since: "",
          pop: "",
          config: STATUS.config,
          state,
          bridge,
          echo: { state: "on", byPrefix: () => new Map() },
          problems,
        }),
      ),
  };
}

it("says which session is down for whom, once it is no flap, and stays healthy while somebody hears each", () => {
  const site = siteOf({ everywhere: undefined, there: [A] });
  site.sessions.set(A, { state: "up" }).set(B, { state: "up" });
  assert.deepEqual(site.look(0), []);
  site.sessions.set(B, { state: "down" });
  assert.deepEqual(site.look(1000), []);
  assert.deepEqual(site.look(9999), []);
  assert.deepEqual(site.look(1), [
    "session-down: no session with 198.51.100.2: not everybody hears everywhere",
  ]);
  assert.deepEqual(site.health(), { ok: true, detail: "", problems: ["session-down"] });
  site.sessions.set(B, { state: "up" });
  assert.deepEqual(site.look(1000), []);
  // A flap starts the time anew.
  site.sessions.set(B, { state: "down" });
  assert.deepEqual(site.look(1000), []);
});

it("is not healthy when nobody hears a service that is announced", () => {
  const site = siteOf({ everywhere: undefined, there: [A] });
  site.sessions.set(A, { state: "connected" }).set(B, { state: "up" });
  site.look(0);
  assert.deepEqual(site.look(10_000), [
    "all-sessions-down: no session with 198.51.100.1: nobody hears there",
    "session-down: no session with 198.51.100.1: not everybody hears everywhere",
  ]);
  assert.equal(site.health().ok, false);
  assert.deepEqual(site.health().problems, ["all-sessions-down", "session-down"]);
});

it("takes a neighbor that ExaBGP never told of for one without a session", () => {
  const site = siteOf({ there: ["198.51.100.9", A] });
  site.sessions.set(A, { state: "up" });
  site.look(0);
  assert.deepEqual(site.look(10_000), [
    "session-down: no session with 198.51.100.9: not everybody hears there",
  ]);
  const silent = siteOf({ everywhere: undefined });
  silent.look(0);
  assert.deepEqual(silent.look(10_000), [
    "all-sessions-down: no session with any neighbor: nobody hears everywhere",
  ]);
});

it("hears of a neighbor that was never up from what ExaBGP holds for it", () => {
  const site = siteOf({ everywhere: undefined });
  site.sessions.set(A, { state: "up" });
  site.list([A, B]);
  site.look(0);
  assert.deepEqual(site.look(10_000), [
    "session-down: no session with 198.51.100.2: not everybody hears everywhere",
  ]);
  site.list([A]);
  assert.deepEqual(site.look(1000), []);
});

it("says that an announced prefix has no address here, and stays healthy", () => {
  const site = siteOf({ everywhere: undefined });
  site.sessions.set(A, { state: "up" });
  assert.deepEqual(site.look(0), []);
  site.own.clear();
  assert.deepEqual(site.look(1000), []);
  const [problem = ""] = site.look(2000);
  assert.match(
    problem,
    /^address-missing: no interface has an address of \S+, announced all the same$/,
  );
  assert.equal(site.health().ok, true);
  site.own.add("192.0.2.1");
  assert.deepEqual(site.look(3000), []);
});
