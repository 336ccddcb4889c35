import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fail, pass } from "../../checks/probe.ts";
import type { Hold, ServicePlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Drain, Input, Pin } from "../../src/core/inputs.ts";
import { dueMs } from "../../src/core/orders.ts";
import type { AgentState } from "../../src/core/state.ts";
import { drain, REQUIRED, UNSTAGED } from "./fixtures.ts";

const HOLD: Hold = { withinMs: 5000, first: [0, 700], furtherMs: 2000 };
const LONGEST_MS = 2000;

/** Two share a prefix pessimistically, two optimistically; all have one prefix of their own too, but `a`. */
const SHAPES: readonly [string, "all" | "any", readonly string[]][] = [
  ["a", "all", ["192.0.2.0/24"]],
  ["b", "all", ["192.0.2.0/24", "198.51.100.0/24"]],
  ["c", "any", ["203.0.113.0/24"]],
  ["d", "any", ["203.0.113.0/24"]],
];

function servicesWith(hold: Hold | undefined): ServicePlan[] {
  const timing = { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 };
  return SHAPES.map(([name, shared, prefixes]) => ({
    name,
    shared,
    require: "all",
    routes: prefixes.map((prefix) => ({ prefix, nextHop: "self" })),
    ...UNSTAGED,
    hold,
    checks: [
      {
        id: `${name}/x`,
        name: "x",
        rise: 1,
        fall: 1,
        ...REQUIRED,
        timing,
        spec: { type: "tcp", host: "127.0.0.1", port: 53, watch: false },
      },
    ],
  }));
}

type Event =
  | { readonly kind: "result"; readonly service: string; readonly passes: boolean }
  | { readonly kind: "drain" | "undrain" | "pin" | "unpin" | "clear"; readonly service: string }
  | { readonly kind: "wait"; readonly ms: number };

const service = fc.constantFrom(...SHAPES.map(([name]) => name));
const order = (...kinds: ("drain" | "undrain" | "pin" | "unpin" | "clear")[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), service });
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 14,
      arbitrary: fc.record({
        kind: fc.constant("result" as const),
        service,
        passes: fc.constantFrom(true, true, false),
      }),
    },
    { weight: 2, arbitrary: order("drain", "undrain", "undrain") },
    { weight: 2, arbitrary: order("pin", "pin", "unpin", "clear") },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("wait" as const),
        ms: fc.constantFrom(10, 300, 1000, 2500, 6000),
      }),
    },
  ),
  { minLength: 20, maxLength: 150 },
);

/** A core with an ExaBGP that obeys. */
class Pop {
  readonly announced = new Set<string>();
  state: AgentState;

  constructor(hold: Hold | undefined) {
    this.state = startAgent({ pop: "p", services: servicesWith(hold) }, new Map(), [], 0).state;
  }

  /** @returns What went to ExaBGP. */
  take(input: Input, nowMs: number): { readonly type: string; readonly prefix: string }[] {
    const { state, actions } = step(this.state, input, nowMs);
    this.state = state;
    return actions.flatMap((action) => {
      if (action.type !== "announce" && action.type !== "withdraw") return [];
      const { prefix } = action.route;
      const answers = [{ prefix, change: action.change, done: true }];
      this.state = step(this.state, { type: "answers", answers }, nowMs).state;
      const wasAnnounced = this.announced.has(prefix);
      if (action.type === "announce") this.announced.add(prefix);
      else this.announced.delete(prefix);
      return wasAnnounced === (action.type === "announce") ? [] : [{ type: action.type, prefix }];
    });
  }
}

/** One PoP with holds, its twin without, and an onlooker who counts UPDATEs. */
class World {
  nowMs = 0;
  readonly reached = { held: 0, waited: 0, pinned: 0, cleared: 0, announcements: 0 };
  readonly #pop = new Pop(HOLD);
  readonly #twin = new Pop(undefined);
  readonly #withdrawnMs = new Map<string, number[]>();
  #drains: Drain[] = [];
  #pins: Pin[] = [];

  apply(event: Event): void {
    this.pass(event.kind === "wait" ? event.ms : 1);
    switch (event.kind) {
      case "wait":
        return;
      case "result": {
        const result = event.passes ? pass() : fail("refused", "");
        const check = `${event.service}/x`;
        const startedMs = this.nowMs;
        return this.#take({ type: "result", check, result, startedMs, elapsedMs: 0 });
      }
      case "drain":
      case "undrain":
      case "clear": {
        const { kind, service: name } = event;
        this.#drains = this.#drains.filter((one) => one.service !== name);
        if (kind === "drain") this.#drains.push(drain({ service: name, startedMs: this.nowMs }));
        const end = { service: name, reason: "", by: "x" };
        const undrains = kind === "clear" ? [{ ...end, clearsHold: true } as const] : [end];
        if (kind === "clear") {
          this.reached.cleared += 1;
          for (const prefix of prefixesOf(name)) this.#withdrawnMs.delete(prefix);
        }
        return this.#take({ type: "drains", drains: [...this.#drains], undrains });
      }
      case "pin":
      case "unpin": {
        const { kind, service: name } = event;
        this.#pins = this.#pins.filter((one) => one.service !== name);
        const pin = { service: name, reason: "", by: "x", since: undefined, until: "" };
        if (kind === "pin") this.#pins.push({ ...pin, endsAtMs: Infinity });
        return this.#take({ type: "pins", pins: [...this.#pins], unpins: [] });
      }
    }
  }

  /** What is due in between happens at its time. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = dueMs(this.#pop.state);
      if (due === undefined || due > endMs) break;
      this.nowMs = Math.max(this.nowMs, due);
      this.#take({ type: "tick" });
    }
    this.nowMs = endMs;
  }

  /** All is well for long enough: whatever was held is announced. */
  end(): void {
    for (const { service: name } of this.#drains) this.apply({ kind: "undrain", service: name });
    for (const { service: name } of this.#pins) this.apply({ kind: "unpin", service: name });
    for (const [name] of SHAPES) this.apply({ kind: "result", service: name, passes: true });
    this.pass(LONGEST_MS);
    assert.deepEqual([...this.#pop.announced].toSorted(), [...this.#twin.announced].toSorted());
    assert.equal(this.#pop.announced.size, 3);
  }

  #take(input: Input): void {
    const before = new Set(this.#pop.announced);
    const wasHeld = this.#pop.state.services.map(({ state }) => state === "held");
    const updates = this.#pop.take(input, this.nowMs);
    this.#twin.take(input, this.nowMs);
    for (const { type, prefix } of updates) {
      const times = this.#withdrawnMs.get(prefix) ?? [];
      if (type === "withdraw") {
        // Not because of a hold: without one it would be withdrawn too.
        assert.ok(!this.#twin.announced.has(prefix), `${prefix} is withdrawn by a hold`);
        this.#withdrawnMs.set(prefix, [...times, this.nowMs]);
        continue;
      }
      this.reached.announcements += 1;
      const naming = SHAPES.filter(([, , prefixes]) => prefixes.includes(prefix));
      const isPinned = naming.some(([name]) => this.#pins.some((pin) => pin.service === name));
      // It would have to be withdrawn elsewhere to be held here.
      const isServing = naming.some(([name]) => prefixesOf(name).some((one) => before.has(one)));
      const untilMs = heldUntilMs(times);
      if (isPinned && untilMs > this.nowMs) this.reached.pinned += 1;
      if (times.length > 1) this.reached.waited += 1;
      assert.ok(
        untilMs <= this.nowMs || isPinned || isServing,
        `${prefix} is announced at ${this.nowMs}, before ${untilMs}`,
      );
    }
    for (const [at, { state }] of this.#pop.state.services.entries()) {
      if (state === "held" && wasHeld[at] !== true) this.reached.held += 1;
    }
  }
}

function prefixesOf(name: string): readonly string[] {
  return SHAPES.find(([of]) => of === name)?.[2] ?? [];
}

/** By the whole history, each withdrawal for itself. */
function heldUntilMs(times: readonly number[]): number {
  return Math.max(
    -Infinity,
    ...times.map((ms, nth) => {
      const earlier = times.slice(0, nth).filter((one) => ms - one < HOLD.withinMs).length;
      return ms + ([0, 700][earlier] ?? 2000);
    }),
  );
}

describe("holds, whatever comes in", () => {
  it("let no prefix be announced early, take none away, and end", () => {
    const reached: Record<string, number> = {};
    fc.assert(
      fc.property(events, (run) => {
        const world = new World();
        for (const event of run) world.apply(event);
        world.end();
        for (const [what, count] of Object.entries(world.reached)) {
          reached[what] = (reached[what] ?? 0) + count;
        }
      }),
      { numRuns: 600 },
    );
    for (const [what, count] of Object.entries(reached)) {
      assert.ok(
        count > (what === "pinned" ? 3 : 100),
        `the runs were too shallow: ${count} ${what}`,
      );
    }
  });
});
