/**
 * Reloads that change who hears of a prefix, against an ExaBGP that loses commands or their answers: in the end those
 * have it that are to have it, and nobody else.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Route } from "exabgp-ts-bridge";
import { pass, fail } from "../../checks/probe.ts";
import type { Plan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Action, Input } from "../../src/core/inputs.ts";
import type { Command } from "../../src/core/routes.ts";
import { REQUIRED, UNSTAGED } from "./fixtures.ts";

const TOLD = { selects: true, tellsAttributes: true };
const NEIGHBORS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const PREFIX = "192.0.2.0/24";

/** What becomes of a command: `lost` and `unheard` have no answer, and only the second is carried out. */
type Fate = "done" | "lost" | "unheard";

type Event =
  | { readonly do: "reload"; readonly to: readonly string[] | undefined; readonly med: number }
  | { readonly do: "answer"; readonly fate: Fate }
  | { readonly do: "check"; readonly passes: boolean }
  | { readonly do: "list" }
  | { readonly do: "wait"; readonly ms: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    do: fc.constant("reload" as const),
    to: fc.constantFrom(undefined, ...[[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]].map(named)),
    med: fc.constantFrom(0, 5),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      fate: fc.constantFrom<Fate>("done", "done", "lost", "unheard"),
    }),
  },
  fc.record({ do: fc.constant("check" as const), passes: fc.boolean() }),
  fc.record({ do: fc.constant("list" as const) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(10, 1000, 11_000) }),
);

const LONG = { maxLength: 40, size: "medium" } as const;

function isNamedReload(one: Event): boolean {
  return one.do !== "reload" || one.to !== undefined;
}

function named(places: readonly number[]): string[] {
  return places.map((at) => NEIGHBORS[at] ?? "");
}

function planOf(to: readonly string[] | undefined, med: number): Plan {
  const route: Route = { prefix: PREFIX, nextHop: "self", med, ...(to && { neighbors: to }) };
  const timing = { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 };
  const spec = { type: "tcp" as const, host: "127.0.0.1", port: 53, watch: false };
  const check = { id: "dns/a", name: "a", rise: 1, fall: 1, ...REQUIRED, timing, spec };
  return {
    pop: "p",
    services: [
      { name: "dns", require: "all", shared: "all", routes: [route], ...UNSTAGED, checks: [check] },
    ],
  };
}

class World {
  nowMs = 0;
  to: readonly string[] | undefined = undefined;
  med = 0;
  isUp = false;
  /** By neighbor: the MED that it has. */
  readonly held = new Map<string, number>();
  readonly reached = { left: 0, lost: 0, listed: 0 };
  #state = startAgent(planOf(undefined, 0), new Map(), [], 0).state;
  /** Written, in order, or waiting for the one before: of one prefix one is in flight. */
  #flying: Command | undefined;
  #queued: Command | undefined;

  apply(one: Event): void {
    switch (one.do) {
      case "reload":
        ({ to: this.to, med: this.med } = one);
        return this.#take({
          type: "reload",
          plan: planOf(one.to, one.med),
          actor: "agent",
          force: true,
        });
      case "answer":
        return this.answer(one.fate);
      case "check": {
        this.isUp = one.passes;
        const result = one.passes ? pass() : fail("timeout", "");
        const at = { startedMs: this.nowMs, elapsedMs: 1 };
        return this.#take({ type: "result", check: "dns/a", result, ...at });
      }
      case "list":
        this.reached.listed += 1;
        return this.list();
      case "wait":
        this.nowMs += one.ms;
        return this.#take({ type: "tick" });
    }
  }

  list(): void {
    const routes = [...this.held].map(([neighbor, med]) => ({
      neighbor,
      prefix: PREFIX,
      route: { prefix: PREFIX, nextHop: "self", med },
      localAddress: undefined,
    }));
    const wire = { sent: new Map(), sentAtMs: new Map(), up: new Set<string>() };
    this.#take({ type: "rib", askedMs: this.nowMs, routes, wire, ...TOLD });
  }

  /** Its end is the answer, or the time limit of one. */
  answer(fate: Fate): void {
    const command = this.#flying;
    if (command === undefined) return;
    this.#flying = undefined;
    if (fate !== "done") this.reached.lost += 1;
    if (fate !== "lost") {
      const { type, route } = command;
      for (const neighbor of route.neighbors ?? NEIGHBORS) {
        if (type === "announce") this.held.set(neighbor, route.med ?? 0);
        else this.held.delete(neighbor);
      }
    }
    this.#fly();
    const { change } = command;
    this.#take({ type: "answers", answers: [{ prefix: PREFIX, change, done: fate === "done" }] });
  }

  get isQuiet(): boolean {
    return this.#flying === undefined && this.#queued === undefined;
  }

  #take(input: Input): void {
    const { state, actions } = step(this.#state, input, this.nowMs);
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  #act(action: Action): void {
    if (action.type !== "announce" && action.type !== "withdraw") return;
    if (action.leaving !== undefined) this.reached.left += 1;
    // As the bridge does it: the last wanted change of a prefix wins.
    this.#queued = action;
    this.#fly();
  }

  #fly(): void {
    if (this.#flying !== undefined) return;
    this.#flying = this.#queued;
    this.#queued = undefined;
  }
}

test("in the end those have it that are to have it, whatever was lost on the way", () => {
  const reached = { left: 0, lost: 0, listed: 0 };
  fc.assert(
    fc.property(
      fc.oneof(fc.array(event, LONG), fc.array(event.filter(isNamedReload), LONG)),
      (events) => {
        const world = new World();
        world.apply({ do: "reload", to: named([0, 1]), med: 0 });
        for (const one of events) world.apply(one);
        for (let turn = 0; turn < 20; turn += 1) {
          world.answer("done");
          world.apply({ do: "wait", ms: 11_000 });
        }
        // What was announced to all, before anybody told who they are; else no listing is needed.
        const listings = events.every(isNamedReload) ? 0 : 5;
        for (let turn = 0; turn < listings; turn += 1) {
          world.list();
          world.answer("done");
          world.apply({ do: "wait", ms: 400_000 });
          world.answer("done");
        }
        assert.ok(world.isQuiet);
        const wanted = world.isUp ? (world.to ?? NEIGHBORS) : [];
        assert.deepEqual(world.held, new Map(wanted.map((one) => [one, world.med])));
        for (const key of ["left", "lost", "listed"] as const) reached[key] += world.reached[key];
      },
    ),
    { numRuns: 1000 },
  );
  for (const count of Object.values(reached)) assert.ok(count > 200, JSON.stringify(reached));
});

test("whoever is to have it before and after a reload has it all the time", () => {
  let stayed = 0;
  const to = fc.subarray(NEIGHBORS, { minLength: 1 });
  fc.assert(
    fc.property(to, to, fc.constantFrom(0, 5), (before, after, med) => {
      const world = new World();
      world.apply({ do: "reload", to: before, med: 0 });
      world.apply({ do: "check", passes: true });
      world.answer("done");
      world.apply({ do: "reload", to: after, med });
      const stay = before.filter((one) => after.includes(one));
      stayed += stay.length;
      for (let turn = 0; turn < 4; turn += 1) {
        for (const one of stay) assert.ok(world.held.has(one), `${one} lost it`);
        world.answer("done");
      }
      assert.deepEqual([...world.held.keys()].toSorted(), after);
    }),
  );
  assert.ok(stayed > 50, `${stayed} stayed`);
});
