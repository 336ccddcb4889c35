import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Route } from "exabgp-ts-bridge";
import { fail, pass } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Input } from "../../src/core/inputs.ts";
import type { HeldRoute } from "../../src/core/rib.ts";
import type { OwnedRoute } from "../../src/core/routes.ts";
import type { Step } from "../../src/core/state.ts";
import { planOf } from "../daemon/fixtures.ts";

const NAMES = ["a", "b", "c", "d"];
/** Always up, and nobody else touches its prefix: it shows that a neighbor takes routes of ours. */
const STEADY = "steady";
const PLAN = planOf(...NAMES, STEADY);
const ALL = PLAN.services.map(({ routes }) => routes[0]?.prefix ?? "");
const PREFIXES = ALL.slice(0, NAMES.length);
const ANCHOR = ALL[NAMES.length] ?? "";
const FOREIGN = "203.0.113.0/24";
const NEIGHBORS = ["198.51.100.1", "198.51.100.2"];

type Event =
  | { readonly kind: "verdict"; readonly service: number; readonly isUp: boolean }
  /** Somebody else's command, to one neighbor or to both. */
  | { readonly kind: "other"; readonly prefix: number; readonly to: number; readonly med: number }
  /** A listing: how long ago ExaBGP was asked, as it was then. */
  | { readonly kind: "listing"; readonly lateBy: number }
  | { readonly kind: "wait"; readonly ms: number }
  /** The agent dies, and the next life knows only owned.json. */
  | { readonly kind: "respawn"; readonly knowsOwned: boolean };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("verdict" as const),
        service: fc.nat(3),
        isUp: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("other" as const),
        prefix: fc.nat(4),
        to: fc.nat(2),
        med: fc.nat(2),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("listing" as const), lateBy: fc.nat(3) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("wait" as const),
        ms: fc.constantFrom(10, 500, 2000, 15_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("respawn" as const), knowsOwned: fc.boolean() }),
    },
  ),
  { minLength: 5, maxLength: 60 },
);

/** What becomes of a command. */
type Fate = "done" | "refused" | "lost" | "unheard";
const fates = fc.array(
  fc.constantFrom<Fate>("done", "done", "done", "refused", "lost", "unheard"),
  {
    minLength: 1,
    maxLength: 30,
  },
);

describe("after a quiet time and listings", () => {
  it("ExaBGP holds what is wanted, and others' routes as they were", () => {
    const reached = { drifts: 0, adopted: 0, foreign: 0, lost: 0, late: 0 };
    fc.assert(
      fc.property(events, fates, (run, fate) => {
        const world = new World(fate);
        for (const event of run) world.apply(event);
        world.settle();
        for (const key of ["drifts", "adopted", "foreign", "lost", "late"] as const) {
          reached[key] += world.reached[key];
        }
      }),
      { numRuns: 500 },
    );
    for (const [what, count] of Object.entries(reached)) {
      assert.ok(count > 100, `the runs were too shallow: ${count} ${what}`);
    }
  });
});

type Rib = ReadonlyMap<string, Route>;

class World {
  readonly reached = { drifts: 0, adopted: 0, foreign: 0, lost: 0, late: 0 };
  readonly #fates: readonly Fate[];
  #fated = 0;
  #nowMs = 0;
  /** By `NEIGHBOR PREFIX`. */
  #rib: Rib = new Map(
    NEIGHBORS.map((one) => [`${one} ${ANCHOR}`, { prefix: ANCHOR, nextHop: "self" }]),
  );
  /** As it was, with when. */
  #past: { readonly atMs: number; readonly rib: Rib }[] = [];
  #foreign = new Map<string, Route>();
  readonly #isUp = [...NAMES.map(() => false), true];
  #core: Step = startAgent(PLAN, new Map(), [], 0, new Map(), true);

  constructor(each: readonly Fate[]) {
    this.#fates = each;
  }

  apply(event: Event): void {
    this.#pass(10);
    this.#past.push({ atMs: this.#nowMs, rib: this.#rib });
    this.#pass(10);
    switch (event.kind) {
      case "verdict":
        this.#judge(event.service, event.isUp);
        return;
      case "other":
        this.#other(event);
        return;
      case "listing":
        this.#list(event.lateBy);
        return;
      case "wait":
        this.#pass(event.ms);
        this.#take({ type: "tick" });
        return;
      case "respawn":
        this.#respawn(event.knowsOwned);
    }
  }

  /** All is well from now on. */
  settle(): void {
    this.#fated = -1;
    for (const [at, isUp] of this.#isUp.entries()) this.#judge(at, isUp);
    for (let nth = 0; nth < 40; nth += 1) {
      this.#pass(30_000);
      this.#take({ type: "tick" });
      this.#pass(10);
      this.#past = [{ atMs: this.#nowMs, rib: this.#rib }];
      this.#pass(10);
      this.#list(0);
    }
    const wanted = this.#isUp.flatMap((isUp, at) =>
      isUp ? NEIGHBORS.map((neighbor) => `${neighbor} ${ALL[at]}`) : [],
    );
    const isOurs = (key: string) => !key.endsWith(FOREIGN);
    const ours = [...this.#rib].filter(([key]) => isOurs(key));
    assert.deepEqual(ours.map(([key]) => key).toSorted(), wanted.toSorted());
    for (const [key, { med }] of ours) assert.equal(med, undefined, key);
    const others = [...this.#rib].filter(([key]) => key.endsWith(FOREIGN));
    assert.deepEqual(new Map(others), this.#foreign);
    const left = [...this.#core.state.drifts.values()].filter(
      ({ findings }) => findings.length > 0,
    );
    assert.deepEqual(left, []);
  }

  #pass(ms: number): void {
    this.#nowMs += ms;
  }

  #judge(at: number, isUp: boolean): void {
    this.#isUp[at] = isUp;
    const result = isUp ? pass() : fail("timeout", "");
    const check = `${NAMES[at] ?? STEADY}/port`;
    this.#take({ type: "result", check, result, startedMs: this.#nowMs, elapsedMs: 1 });
  }

  #other({ prefix: at, to, med }: Extract<Event, { kind: "other" }>): void {
    const prefix = PREFIXES[at] ?? FOREIGN;
    const rib = new Map(this.#rib);
    for (const neighbor of to === 2 ? NEIGHBORS : [NEIGHBORS[to] ?? ""]) {
      const key = `${neighbor} ${prefix}`;
      const route = { prefix, nextHop: "self", ...(med === 2 && { med }) };
      if (med === 0) rib.delete(key);
      else rib.set(key, route);
      if (prefix !== FOREIGN) continue;
      this.reached.foreign += 1;
      if (med === 0) this.#foreign.delete(key);
      else this.#foreign.set(key, route);
    }
    this.#rib = rib;
  }

  #list(lateBy: number): void {
    const seen = this.#past.at(-1 - lateBy) ?? this.#past.at(-1);
    if (seen === undefined) return;
    if (lateBy > 0) this.reached.late += 1;
    const routes = [...seen.rib].map(([key, route]): HeldRoute => {
      const neighbor = key.split(" ")[0] ?? "";
      return { neighbor, prefix: route.prefix, route, localAddress: undefined };
    });
    const wire = { sent: new Map(), sentAtMs: new Map(), up: new Set(NEIGHBORS) };
    const told = { routes, wire, selects: true, tellsAttributes: true };
    this.#take({ type: "rib", askedMs: seen.atMs, ...told });
    for (const { isAdopted } of this.#core.state.routes.values())
      if (isAdopted) this.reached.adopted += 1;
  }

  #respawn(knowsOwned: boolean): void {
    const owned = new Map<string, OwnedRoute>();
    for (const [prefix, route] of this.#core.state.routes) {
      if (route.owned !== undefined && knowsOwned) {
        owned.set(prefix, { ...route.owned, isWithdrawn: route.told === "withdrawn" });
      }
    }
    // A listing that was asked for by the last life is nobody's.
    this.#past = [];
    this.#core = startAgent(PLAN, owned, [], this.#nowMs, new Map(), true);
    this.#carryOut();
  }

  #take(input: Input): void {
    this.#core = step(this.#core.state, input, this.#nowMs);
    this.#carryOut();
  }

  /** ExaBGP does what it is told, or says that it does, or neither. */
  #carryOut(): void {
    for (const action of this.#core.actions) {
      if (action.type === "drift") this.reached.drifts += 1;
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      const { route, change, type } = action;
      assert.notEqual(route.prefix, FOREIGN);
      const fate =
        this.#fated < 0 ? "done" : (this.#fates[this.#fated++ % this.#fates.length] ?? "done");
      if (fate !== "done") this.reached.lost += 1;
      if (fate === "done" || fate === "unheard") this.#obey(type, route);
      const done = fate === "done" || fate === "lost";
      const answers = [{ prefix: route.prefix, change, done }];
      this.#core = step(this.#core.state, { type: "answers", answers }, this.#nowMs);
    }
  }

  #obey(verb: "announce" | "withdraw", { neighbors, ...route }: Route): void {
    const rib = new Map(this.#rib);
    for (const neighbor of neighbors ?? NEIGHBORS) {
      if (verb === "announce") rib.set(`${neighbor} ${route.prefix}`, route);
      else rib.delete(`${neighbor} ${route.prefix}`);
    }
    this.#rib = rib;
  }
}
