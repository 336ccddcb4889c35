import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type {
  Listed,
  ListedRoute,
  NeighborsListed,
  NeighborsListing,
  RoutesListing,
} from "exabgp-ts-bridge";
import { fail, pass } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Input } from "../../src/core/inputs.ts";
import { Echo } from "../../src/daemon/echo.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { Reconciler } from "../../src/daemon/reconciler.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

const PREFIX = "192.0.2.0/32";
const INTERVAL_MS = 30_000;

function setUp() {
  const clock = manualClock();
  const { log } = memoryLog();
  const problems = new Problems(clock, log);
  const asked: { readonly atMs: number; readonly listed: Listed }[] = [];
  const toldNeighbors: NeighborsListed[] = [];
  const startMs = clock.nowMs();
  const bridge = {
    listNeighbors: (told: NeighborsListed) => void toldNeighbors.push(told),
    listRoutes: (listed: Listed) => void asked.push({ atMs: clock.nowMs() - startMs, listed }),
    status: () => ({ identity: undefined, sessions: new Map() }) as never,
  };
  const echo = new Echo(clock, () => true);
  const reconciler = new Reconciler({
    clock,
    log,
    problems,
    bridge,
    echo,
    intervalMs: INTERVAL_MS,
  });
  const plan = planOf("dns");
  const checks = plan.services.map((one) => ({
    ...one,
    checks: one.checks.map((check) => ({ ...check, fall: 2 })),
  }));
  let { state } = startAgent(
    { ...plan, services: checks },
    new Map(),
    [],
    clock.nowMs(),
    new Map(),
    true,
  );
  const inputs: string[] = [];
  const loop = {
    get state() {
      return state;
    },
    dispatch(input: Input) {
      inputs.push(input.type);
      ({ state } = step(state, input, clock.nowMs()));
      return undefined;
    },
  };
  /** The last question is answered, after so long. */
  const answer = (
    outcome: RoutesListing["outcome"] = "done",
    tookMs = 10,
    routes: readonly ListedRoute[] = [],
  ) => {
    const askedAtMs = clock.nowMs();
    clock.advance(tookMs);
    const answeredAtMs = clock.nowMs();
    asked.at(-1)?.listed({ outcome, routes, tellsAttributes: true, askedAtMs, answeredAtMs });
  };
  const result = (passed: boolean) => {
    const one = passed ? pass() : fail("timeout", "");
    loop.dispatch({
      type: "result",
      check: "dns/port",
      result: one,
      startedMs: clock.nowMs(),
      elapsedMs: 1,
    });
  };
  const words = () => problems.list().map(({ word }) => word);
  const answerNeighbors = (outcome: NeighborsListing["outcome"], address?: string) => {
    const neighbors =
      address === undefined
        ? []
        : [{ neighbor: address, localAddress: undefined, families: ["ipv4" as const] }];
    const atMs = clock.nowMs();
    toldNeighbors.at(-1)?.({ outcome, neighbors, askedAtMs: atMs, answeredAtMs: atMs });
  };
  const neighborsAsked = () => toldNeighbors.length;
  return {
    answerNeighbors,
    neighborsAsked,
    clock,
    reconciler,
    asked,
    loop,
    inputs,
    answer,
    result,
    words,
  };
}

describe("a reconciler", () => {
  it("asks at once, and then at each interval", () => {
    const { clock, reconciler, asked, loop, answer, inputs } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    answer();
    assert.deepEqual(inputs, ["rib"]);
    clock.advance(INTERVAL_MS - 1);
    assert.equal(asked.length, 1);
    clock.advance(1);
    assert.equal(asked.length, 2);
  });

  it("tells of neighbors before what is held for them", () => {
    const { clock, reconciler, loop, answer, answerNeighbors, inputs } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    answerNeighbors("done", "198.51.100.1");
    answer();
    assert.deepEqual(inputs, ["neighbors", "rib"]);
    clock.advance(INTERVAL_MS);
    // An ExaBGP without a neighbor does not run: it has not told.
    answerNeighbors("done");
    answer();
    assert.deepEqual(inputs, ["neighbors", "rib", "rib"]);
    assert.equal(loop.state.neighbors?.length, 1);
  });

  it("asks no more for neighbors when that failed twice", () => {
    const { clock, reconciler, asked, loop, answer, answerNeighbors, neighborsAsked } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    for (let nth = 0; nth < 3; nth += 1) {
      answerNeighbors("timeout");
      answer();
      clock.advance(INTERVAL_MS);
    }
    assert.deepEqual([asked.length, neighborsAsked()], [4, 2]);
  });

  it("keeps an answer that comes before there is a loop", () => {
    const { reconciler, loop, answer, inputs } = setUp();
    reconciler.ask();
    answer();
    assert.deepEqual(inputs, []);
    reconciler.start(loop);
    assert.deepEqual(inputs, ["rib"]);
  });

  it("looks soon after a session has changed or an answer was lost, once", () => {
    const { clock, reconciler, asked, loop, answer } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    answer();
    for (let nth = 0; nth < 5; nth += 1) reconciler.soon();
    reconciler.problem("answer-timeout");
    reconciler.problem("acks-off");
    clock.advance(1000);
    assert.equal(asked.length, 2);
    answer();
    clock.advance(5000);
    assert.equal(asked.length, 2);
  });

  it("looks again soon after what happened while it was asking", () => {
    const { clock, reconciler, asked, loop, answer } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    reconciler.soon();
    answer();
    clock.advance(1000);
    assert.equal(asked.length, 2);
  });

  it("rests fifty times as long as a listing took", () => {
    const { clock, reconciler, asked, loop, answer } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    answer("done", 2400);
    reconciler.soon();
    clock.advance(119_999);
    assert.equal(asked.length, 1);
    clock.advance(1);
    assert.equal(asked.length, 2);
  });

  it("does not ask while a check begins to fail, five intervals at most", () => {
    const { clock, reconciler, asked, loop, answer, result } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    answer();
    result(true);
    result(false);
    clock.advance(INTERVAL_MS + 1000);
    assert.equal(asked.length, 1);
    result(true);
    clock.advance(250);
    assert.equal(asked.length, 2);
    answer();
    result(false);
    clock.advance(INTERVAL_MS * 6 - 1000);
    assert.equal(asked.length, 2);
    clock.advance(2000);
    assert.equal(asked.length, 3);
  });

  it("lets announcements go when the first answer does not come", () => {
    const { clock, reconciler, loop, inputs, result } = setUp();
    reconciler.ask();
    reconciler.ready();
    reconciler.start(loop);
    result(true);
    assert.equal(loop.state.services[0]?.state, "starting");
    clock.advance(4999);
    assert.ok(!inputs.includes("no-rib"));
    clock.advance(1);
    assert.ok(inputs.includes("no-rib"));
    assert.equal(loop.state.services[0]?.state, "up");
  });

  it("tells of what drifts, of what is foreign, and of an ExaBGP that does not answer", () => {
    const { clock, reconciler, asked, loop, answer, result, words } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    const foreign = { neighbor: "198.51.100.1", prefix: "203.0.113.0/24", localAddress: undefined };
    answer("done", 10, [{ ...foreign, route: undefined }]);
    assert.deepEqual(words(), ["foreign-routes"]);
    result(true);
    const change = loop.state.routes.get(PREFIX)?.change ?? 0;
    loop.dispatch({ type: "answers", answers: [{ prefix: PREFIX, change, done: true }] });
    clock.advance(INTERVAL_MS);
    assert.equal(asked.length, 2);
    answer();
    assert.deepEqual(words(), ["rib-drift"]);
    // Mended: looked at soon.
    loop.dispatch({
      type: "answers",
      answers: [{ prefix: PREFIX, change: change + 1, done: true }],
    });
    clock.advance(1000);
    assert.equal(asked.length, 3);
    const route = { prefix: PREFIX, nextHop: "self" };
    answer("done", 10, [{ ...foreign, prefix: PREFIX, route }]);
    assert.deepEqual(words(), []);
    for (let nth = 0; nth < 2; nth += 1) {
      clock.advance(INTERVAL_MS);
      answer("timeout");
    }
    assert.deepEqual(words(), ["rib-unknown"]);
    assert.deepEqual(
      [...reconciler.reconciled.outcomes],
      [
        ["done", 3],
        ["timeout", 2],
      ],
    );
  });

  it("asks nothing more once it is stopped", () => {
    const { clock, reconciler, asked, loop, answer, inputs } = setUp();
    reconciler.ask();
    reconciler.start(loop);
    reconciler.stop();
    answer();
    clock.advance(INTERVAL_MS * 10);
    assert.deepEqual([asked.length, inputs], [1, []]);
  });
});
