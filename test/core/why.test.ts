import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fail, pass } from "../../checks/probe.ts";
import type { Require, ServicePlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Drain, Input, Pin } from "../../src/core/inputs.ts";
import { outlook, type CheckOutlook, type Outlook } from "../../src/core/outlook.ts";
import type { AgentState } from "../../src/core/state.ts";
import { whyPrefix, whyService, whyText, type Surroundings } from "../../src/core/why.ts";
import { drain, REQUIRED } from "./fixtures.ts";

const SERVICES: readonly ServicePlan[] = [
  service("a", "192.0.2.0/24", 2, "all"),
  service("b", "192.0.2.0/24", 1, "all"),
  service("c", "203.0.113.0/24", 3, { atLeast: 2 }),
  weighed(service("d", "198.51.100.0/24", 4, { weight: 6, hysteresis: 2 })),
];

type Event =
  | {
      readonly kind: "results";
      readonly service: number;
      readonly check: number;
      readonly letters: string;
    }
  | {
      readonly kind: "drain";
      readonly service: number;
      readonly lastsMs: number | undefined;
      readonly gracefulMs: number;
    }
  | { readonly kind: "pin"; readonly service: number; readonly lastsMs: number }
  | { readonly kind: "undrain" | "unpin"; readonly service: number }
  | { readonly kind: "wait"; readonly ms: number };

const place = fc.nat(3);
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("results" as const),
        service: place,
        check: place,
        letters: fc.constantFrom("PP", "PP", "FFF", "P", "F"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("drain" as const),
        service: place,
        lastsMs: fc.constantFrom(undefined, 900, 5000),
        gracefulMs: fc.constantFrom(0, 3000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("pin" as const),
        service: place,
        lastsMs: fc.constantFrom(900, 5000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom("undrain" as const, "unpin" as const),
        service: place,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(100, 2000) }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

class World {
  nowMs = 0;
  state: AgentState = startAgent({ pop: "p", services: SERVICES }, new Map(), [], 0).state;
  #drains: Drain[] = [];
  #pins: Pin[] = [];

  apply(event: Event): void {
    this.nowMs += 10;
    if (event.kind === "wait") {
      this.nowMs += event.ms;
      this.take({ type: "tick" });
      this.#drains = [...(this.state.drains ?? [])];
      this.#pins = [...this.state.pins];
      return;
    }
    const { name, checks } = SERVICES[event.service] ?? { name: "", checks: [] };
    switch (event.kind) {
      case "results":
        for (const letter of event.letters) {
          this.result(checks[event.check % checks.length]?.id ?? "", letter === "P");
        }
        return;
      case "drain":
      case "undrain":
        this.#drains = this.#drains.filter((one) => one.service !== name);
        if (event.kind === "drain") {
          const { lastsMs, gracefulMs } = event;
          const endsAtMs = lastsMs === undefined ? undefined : this.nowMs + lastsMs;
          this.#drains.push(
            drain({ service: name, startedMs: this.nowMs, endsAtMs, gracefulMs, reason: "r" }),
          );
        }
        this.take({ type: "drains", drains: [...this.#drains], undrains: [] });
        return;
      case "pin":
      case "unpin":
        this.#pins = this.#pins.filter((one) => one.service !== name);
        if (event.kind === "pin") {
          const order = { service: name, reason: "", by: "x", since: undefined, until: "" };
          this.#pins.push({ ...order, endsAtMs: this.nowMs + event.lastsMs });
        }
        this.take({ type: "pins", pins: [...this.#pins], unpins: [] });
    }
  }

  result(check: string, passes: boolean): void {
    this.nowMs += 1;
    const result = passes ? pass() : fail("refused", "no");
    this.take({ type: "result", check, result, startedMs: this.nowMs, elapsedMs: 0 });
  }

  take(input: Input): void {
    const taken = step(this.state, input, this.nowMs);
    this.state = taken.state;
    for (const action of taken.actions) {
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      const { route, change } = action;
      const answer = { prefix: route.prefix, change, done: true };
      this.take({ type: "answers", answers: [answer] });
    }
  }

  get around(): Surroundings {
    return {
      moment: { nowMs: this.nowMs, wallMs: this.nowMs },
      sessions: [{ neighbor: "n", state: "up" }],
      exabgp: { phase: "ready", acks: "on" },
      config: { origin: "file", current: true },
      sent: new Map(),
    };
  }
}

describe("why, in whatever state", () => {
  it("says what is so: the state, and what became of each prefix", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(events, (run) => {
        const world = new World();
        for (const event of run) world.apply(event);
        for (const [at, { name, routes }] of SERVICES.entries()) {
          const why = whyService(world.state, name, world.around);
          const is = world.state.services[at];
          assert.deepEqual([why?.state, why?.reason], [is?.state, is?.reason]);
          seen.set(is?.state ?? "", (seen.get(is?.state ?? "") ?? 0) + 1);
          const text = why === undefined ? "" : whyText(why, world.nowMs);
          for (const { prefix } of routes) {
            const told = world.state.routes.get(prefix)?.told;
            assert.equal(text.includes(`${prefix} is announced`), told === "announced", text);
            assert.equal(text.includes(`${prefix} is withdrawn`), told === "withdrawn", text);
            assert.equal(whyPrefix(world.state, prefix, world.around)?.state, told);
          }
          assert.doesNotMatch(text, /undefined|NaN|Infinity|\s\s/);
          assert.ok((why?.next.length ?? 0) > 0);
        }
      }),
      { numRuns: 2000 },
    );
    for (const state of ["up", "down", "starting", "draining", "drained", "pinned"]) {
      assert.ok((seen.get(state) ?? 0) > 20, `${state}: ${seen.get(state)}`);
    }
    // Few runs end just then.
    for (const state of ["degraded", "rising"]) {
      assert.ok((seen.get(state) ?? 0) > 2, `${state}: ${seen.get(state)}`);
    }
  });

  it("knows which results change it: those do, and one less does not", () => {
    const reached = { up: 0, down: 0, upByWeight: 0, downByWeight: 0 };
    fc.assert(
      fc.property(events, (run) => {
        for (const [at, { name }] of SERVICES.entries()) {
          for (const towards of ["up", "down"] as const) {
            const world = new World();
            for (const event of run) world.apply(event);
            const before = world.state.services[at]?.state ?? "";
            const ahead = outlook(world.state, at, towards, world.nowMs);
            if (ahead === undefined || !JUDGED.has(before)) continue;
            const wanted = enough(ahead);
            const ids = wanted.flatMap((one) => Array(one.more).fill(`${name}/${one.name}`));
            for (const [nth, id] of ids.entries()) {
              assert.notEqual(sideOf(world.state.services[at]?.state), towards, `after ${nth}`);
              world.result(String(id), towards === "up");
            }
            assert.equal(sideOf(world.state.services[at]?.state), towards);
            reached[towards] += 1;
            if (ahead.isByWeight && ahead.count > 1) reached[`${towards}ByWeight`] += 1;
          }
        }
      }),
      { numRuns: 300 },
    );
    const { up, down, upByWeight, downByWeight } = reached;
    const isDeep = Math.min(up, down) > 100 && Math.min(upByWeight, downByWeight) > 30;
    assert.ok(isDeep, JSON.stringify(reached));
  });

  it("knows when a drained, pinned or rising service changes by itself", () => {
    const reached = { draining: 0, drained: 0, pinned: 0, rising: 0 };
    fc.assert(
      fc.property(events, (run) => {
        for (const [at, { name }] of SERVICES.entries()) {
          const world = new World();
          for (const event of run) world.apply(event);
          const before = world.state.services[at]?.state ?? "";
          const [first = ""] = whyService(world.state, name, world.around)?.next ?? [];
          const date =
            /^(?:It leaves the set|It is announced|The drain ends by itself|The pin ends) at (?<at>\S+)/;
          const seconds = date.exec(first)?.groups?.["at"];
          if (seconds === undefined || !(before in reached)) continue;
          // A stage is over at once when another service that shares the prefix takes it away.
          if (before === "draining" && name !== "c") continue;
          // It is said in whole seconds, rounded down.
          const dueMs = Date.parse(seconds);
          if (dueMs - 1 > world.nowMs) {
            world.nowMs = dueMs - 1;
            world.take({ type: "tick" });
            assert.equal(world.state.services[at]?.state, before, first);
          }
          world.nowMs = Math.max(world.nowMs, dueMs + 1000);
          world.take({ type: "tick" });
          assert.notEqual(world.state.services[at]?.state, before, first);
          reached[before as keyof typeof reached] += 1;
        }
      }),
      { numRuns: 3000 },
    );
    for (const count of Object.values(reached)) assert.ok(count > 5, JSON.stringify(reached));
  });
});

describe("why, without a configuration", () => {
  it("does not say that nothing is announced, where an earlier life announced it", () => {
    const plan = { pop: "p", services: SERVICES };
    const route = { prefix: "203.0.113.0/24", nextHop: "self" };
    const owned = new Map([[route.prefix, { route, services: ["c"], shared: "all" as const }]]);
    const { state } = startAgent(plan, owned, [], 0);
    const why = whyService(state, "c", {
      moment: { nowMs: 0, wallMs: 0 },
      sessions: [],
      exabgp: { phase: "ready", acks: "on" },
      config: { origin: "none", current: false },
      sent: new Map(),
    });
    const text = why?.because.join(" ") ?? "";
    assert.match(text, /nothing new is announced.*left alone/);
    assert.match(text, /203\.0\.113\.0\/24 is as an earlier life of the agent left it: announced/);
  });
});

describe("why, while the agent idles", () => {
  it("promises nothing for the time in which nothing is probed", () => {
    const world = new World();
    const [first] = SERVICES;
    const { nowMs, wallMs } = world.around.moment;
    const around = { ...world.around, moment: { nowMs, wallMs, probesFromMs: nowMs + 15_000 } };
    const at = (some: Surroundings) =>
      whyService(world.state, first?.name ?? "", some)?.next.map(
        (one) => /at the earliest in (.*)\./.exec(one)?.[1],
      );
    const waits = at(world.around)?.map((wait) => `${Number.parseFloat(wait ?? "") + 15}s`);
    assert.equal(waits?.length, 2);
    assert.deepEqual(at(around), waits);
  });
});

describe("why, of a neighbor whose session was never up", () => {
  it("says that it does not hear what ExaBGP holds for it", () => {
    const world = new World();
    const [first] = SERVICES;
    const prefix = first?.routes[0]?.prefix ?? "";
    const checks = SERVICES.flatMap((one) => one.checks);
    for (const { id } of checks) for (let n = 0; n < 9; n++) world.result(id, true);
    const routes = ["n", "m"].map((neighbor) => {
      return { neighbor, prefix, route: undefined, localAddress: undefined };
    });
    const wire = { up: new Set(["n"]), sent: new Map(), sentAtMs: new Map() };
    const listing = { askedMs: world.nowMs, routes, tellsAttributes: false, wire, selects: true };
    world.take({ type: "rib", ...listing });
    const text = whyService(world.state, first?.name ?? "", world.around)?.because.join(" ");
    assert.match(text ?? "", /Without a session, m does not hear it\./);
  });
});

const JUDGED: ReadonlySet<string> = new Set(["up", "degraded", "rising", "down", "starting"]);

/** On which side of its requirement a service is. */
function sideOf(state: string | undefined): string | undefined {
  return state === "degraded" || state === "rising" ? "up" : state;
}

/** The first checks that are enough, and without the last of them not. */
function enough({ checks, count }: Outlook): CheckOutlook[] {
  const sums = checks.map((_, nth) =>
    checks.slice(0, nth).reduce((sum, check) => sum + check.count, 0),
  );
  return checks.filter((_, nth) => (sums[nth] ?? 0) < count);
}

/** The last check advises; the others differ in weight, and must be met for a while. */
function weighed(planned: ServicePlan): ServicePlan {
  const checks = planned.checks.map((check, nth) => ({
    ...check,
    weight: nth + 2,
    advisory: nth === planned.checks.length - 1,
  }));
  return { ...planned, checks, minUpTimeMs: 2000 };
}

function service(name: string, prefix: string, checks: number, require: Require): ServicePlan {
  const timing = { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 };
  const route = { prefix, nextHop: "self" };
  return {
    name,
    require,
    shared: "all",
    routes: [route],
    when: { degraded: [route], draining: [{ ...route, communities: ["65535:0"] }] },
    drainDelayMs: 0,
    minUpTimeMs: 0,
    hold: undefined,
    checks: Array.from({ length: checks }, (_, nth) => ({
      id: `${name}/c${nth}`,
      name: `c${nth}`,
      rise: 2,
      fall: 3,
      ...REQUIRED,
      timing,
      spec: { type: "tcp", host: "127.0.0.1", port: 53, watch: false },
    })),
  };
}
