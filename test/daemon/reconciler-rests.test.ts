import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BridgeStatus, RoutesListing } from "exabgp-ts-bridge";
import { fail, pass, type Result } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Input } from "../../src/core/inputs.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { Reconciler } from "../../src/daemon/reconciler.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

const INTERVAL_MS = 30_000;

/** A reconciler before an ExaBGP that answers when the test says so. */
function scene() {
  const clock = manualClock();
  const { log } = memoryLog();
  const problems = new Problems(clock, log, () => {});
  const waiting: ((listing: RoutesListing) => void)[] = [];
  const sessions: [string, { neighbor: string; state: "up" | "down"; reason: string }][] = [];
  let asked = 0;
  const bridge = {
    listNeighbors() {},
    listRoutes(listed: (listing: RoutesListing) => void) {
      asked += 1;
      waiting.push(listed);
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is read
    status: () =>
      ({ identity: { dialect: 4 }, sessions: new Map(sessions) }) as unknown as BridgeStatus,
  };
  const echo = { heard: () => ({ sent: new Map(), sentAtMs: new Map() }) };
  const reconciler = new Reconciler({
    clock,
    log,
    problems,
    bridge,
    echo,
    intervalMs: INTERVAL_MS,
  });
  const plan = planOf("dns");
  const services = plan.services.map((service) => ({
    ...service,
    checks: service.checks.map((check) => ({ ...check, rise: 3, fall: 3 })),
  }));
  const nowMs = clock.nowMs();
  let { state } = startAgent({ ...plan, services }, new Map(), [], nowMs, new Map(), true);
  const inputs: Input[] = [];
  const loop = {
    get state() {
      return state;
    },
    dispatch(input: Input): undefined {
      inputs.push(input);
      ({ state } = step(state, input, clock.nowMs()));
    },
  };
  reconciler.ask();
  reconciler.start(loop);
  return {
    clock,
    reconciler,
    sessions,
    inputs,
    asked: () => asked,
    result: (result: Result) => {
      const at = { startedMs: clock.nowMs(), elapsedMs: 1 };
      loop.dispatch({ type: "result", check: "dns/port", result, ...at });
    },
    /** The oldest question ends after so long. */
    answer: (outcome: RoutesListing["outcome"], tookMs: number) => {
      const askedAtMs = clock.nowMs();
      clock.advance(tookMs);
      const listing = { outcome, routes: [], tellsAttributes: true, askedAtMs };
      waiting.shift()?.({ ...listing, answeredAtMs: clock.nowMs() });
    },
  };
}

describe("when ExaBGP is asked what it holds", () => {
  it("is rested for 50 times as long as a listing took that could not be used", () => {
    const { answer, clock, asked } = scene();
    answer("error", 2400);
    clock.advance(119_000);
    assert.equal(asked(), 1);
    clock.advance(1000);
    assert.equal(asked(), 2);
  });

  it("is rested longer and longer after listings that do not end, up to five minutes", () => {
    const { answer, clock, asked } = scene();
    const pausesMs: number[] = [];
    for (let nth = 1; nth < 8; nth += 1) {
      answer("timeout", 5000);
      const sinceMs = clock.nowMs();
      while (asked() === nth) clock.advance(1000);
      pausesMs.push(clock.nowMs() - sinceMs);
    }
    assert.deepEqual(pausesMs, [30_000, 30_000, 40_000, 80_000, 160_000, 250_000, 250_000]);
    answer("timeout", 60_000);
    clock.advance(299_000);
    assert.equal(asked(), 8);
    clock.advance(1000);
    assert.equal(asked(), 9);
  });

  it("waits while a check fails that is up, or has no verdict yet; not while one is on its way up", () => {
    for (const [first, isPutOff] of [
      [fail("refused", ""), true],
      [pass(), false],
    ] as const) {
      const { answer, clock, asked, result } = scene();
      answer("done", 10);
      // An earlier life may have announced it.
      result(first);
      clock.advance(INTERVAL_MS);
      assert.equal(asked(), isPutOff ? 1 : 2);
    }
    const { answer, clock, asked, result } = scene();
    answer("done", 10);
    for (let nth = 0; nth < 3; nth += 1) result(pass());
    result(fail("refused", ""));
    clock.advance(5 * INTERVAL_MS - 1);
    assert.equal(asked(), 1);
    // Some check may always fail.
    clock.advance(INTERVAL_MS + 1000);
    assert.equal(asked(), 2);
  });

  it("tells the core which sessions it has heard come up, and which it has only read of", () => {
    const { answer, sessions, inputs } = scene();
    for (const [neighbor, state, reason] of [
      ["198.51.100.1", "up", "listed"],
      ["198.51.100.2", "up", "connected"],
      ["198.51.100.3", "down", "peer"],
    ] as const) {
      sessions.push([neighbor, { neighbor, state, reason }]);
    }
    answer("done", 10);
    const rib = inputs.find((input) => input.type === "rib");
    assert.deepEqual(rib?.wire.up, new Set(["198.51.100.1", "198.51.100.2"]));
    assert.deepEqual(rib.wire.cameUp, new Set(["198.51.100.2"]));
  });
});
