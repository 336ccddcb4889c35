import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createProbeContext } from "../../checks/context.ts";
import type { Listen } from "../../checks/listen.ts";
import { fail, pass, type Probe } from "../../checks/probe.ts";
import type { CheckPlan } from "../../src/config/plan.ts";
import { Allowance } from "../../src/daemon/allowance.ts";
import { Places } from "../../src/daemon/places.ts";
import { Runner } from "../../src/daemon/runner.ts";
import { Timetable } from "../../src/daemon/timetable.ts";
import { manualClock, tcpCheck, turn } from "./fixtures.ts";

interface Stage {
  readonly places?: number;
  readonly paceMs?: (check: CheckPlan, startedMs: number) => number;
  readonly listen?: Listen;
  /** Descriptors for what listens. */
  readonly held?: number;
}

/** Runners on a clock of the test's, with probes that end when the test says so. */
function stage({ places = 100, paceMs = () => 1000, listen, held = 100 }: Stage = {}) {
  const clock = manualClock();
  const startMs = clock.nowMs();
  const told: string[] = [];
  const latenesses: number[] = [];
  const asked: string[] = [];
  const underWay = new Set<string>();
  let most = 0;
  const surroundings = {
    clock,
    context: createProbeContext({ timers: clock, wallMs: () => clock.wallMs() }),
    held: new Allowance(held),
    timetable: new Timetable(clock),
    places: new Places({ timers: clock, count: places, crowded: () => {} }),
    attempted(check: CheckPlan, { startedMs }: { startedMs: number }) {
      told.push(`${check.id} ${startedMs - startMs}`);
      return paceMs(check, startedMs - startMs);
    },
    heard: (check: CheckPlan, word: string) => void told.push(`${check.id} ${word}`),
    late: (ms: number) => void latenesses.push(ms),
  };
  /** @param tookMs How long each attempt takes. */
  const create = (name: string, tookMs = 0, timing: Partial<CheckPlan["timing"]> = {}) => {
    const probe: Probe = (signal) =>
      new Promise((resolve) => {
        asked.push(name);
        underWay.add(name);
        most = Math.max(most, underWay.size);
        const end = (result = pass()) => {
          underWay.delete(name);
          resolve(result);
        };
        if (tookMs === 0) end();
        else clock.after(tookMs, () => end());
        signal.addEventListener("abort", () => end(fail("timeout", "nothing")));
      });
    const check = tcpCheck(`${name}/port`, 9, timing);
    const { timeoutMs } = check.timing;
    const runner = new Runner(
      { probe, listen, mayHold: listen !== undefined, timeoutMs },
      surroundings,
    );
    runner.add(check);
    return runner;
  };
  /** Moves the clock in steps, so that what is settled is heard between two. */
  const run = async (ms: number, stepMs = 1) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs);
      await turn();
    }
  };
  /** The most attempts that were under way at once since this was asked. */
  const takeMost = () => {
    const taken = most;
    most = 0;
    return taken;
  };
  const start = (runner: Runner, afterMs = 0) => runner.start(startMs + afterMs);
  return { clock, told, asked, latenesses, create, run, start, most: takeMost };
}

describe("Runner", () => {
  it("does not drift, however late it starts", async () => {
    const { clock, told, create, run, start, latenesses } = stage();
    start(create("a"), 20);
    await run(40);
    for (const stallMs of [23, 13, 17]) {
      await run(970);
      clock.stall(stallMs);
      await run(30 - stallMs);
    }
    await run(1000);
    assert.deepEqual(told, [
      "a/port 20",
      "a/port 1033",
      "a/port 2023",
      "a/port 3027",
      "a/port 4020",
    ]);
    assert.deepEqual(latenesses, [0, 13, 3, 7, 0]);
  });

  it("makes up for nothing after a stall, and does not keep together what was not", async () => {
    const { clock, told, create, run, start } = stage();
    for (let nth = 0; nth < 10; nth += 1) start(create(`s${nth}`), nth * 100);
    await run(1000, 20);
    told.length = 0;
    clock.stall(30_000);
    await run(1, 1);
    assert.equal(told.length, 10);
    await run(5000, 20);
    // One in each of the next seconds or a little more often, never a row of them.
    assert.ok(told.length <= 10 + 10 * 6, `${told.length} attempts`);
    const last = told.slice(-10).map((line) => Number(line.split(" ")[1]) % 1000);
    assert.deepEqual(
      last.toSorted((a, b) => a - b),
      [0, 100, 200, 300, 400, 500, 600, 700, 800, 900],
    );
  });

  it("probes every 10 ms what is to be probed every 10 ms", async () => {
    const { told, create, run, start } = stage({ paceMs: () => 10 });
    start(create("a"));
    await run(100);
    assert.equal(told.length, 11);
  });

  it("never keeps others waiting for targets that hang, and makes no more attempts than it may", async () => {
    const { told, create, run, start, most, latenesses } = stage({ places: 12 });
    for (let nth = 0; nth < 40; nth += 1)
      start(create(`slow${nth}`, 9000, { timeoutMs: 400 }), nth * 25);
    for (let nth = 0; nth < 40; nth += 1) start(create(`quick${nth}`, 2), nth * 25 + 3000);
    await run(3000);
    assert.equal(most(), 12, "nobody knows at first who is slow");
    latenesses.length = 0;
    await run(3000);
    assert.equal(most(), 9 + 1, "the slow ones have three quarters, and no more");
    const quick = told.filter((line) => line.startsWith("quick"));
    assert.equal(quick.length, 40 * 3);
    assert.ok(
      quick.every((line) => Number(line.split(" ")[1]) % 25 === 0),
      "a healthy one started late",
    );
    const slow = told.filter((line) => line.startsWith("slow"));
    for (let nth = 0; nth < 40; nth += 1) {
      const count = slow.filter((line) => line.startsWith(`slow${nth}/`)).length;
      assert.ok(count >= 2 && count <= 5, `slow${nth} was probed ${count} times`);
    }
    assert.ok(latenesses.some((ms) => ms > 100));
  });

  it("does not take for slow what answers late on a busy host", async () => {
    const { told, create, run, start } = stage({ places: 8 });
    for (let nth = 0; nth < 20; nth += 1) {
      start(create(`slow${nth}`, 9000, { timeoutMs: 900 }), nth * 50);
    }
    start(create("late", 300), 4000);
    await run(7500);
    assert.deepEqual(
      told.filter((line) => line.startsWith("late")),
      ["late/port 4000", "late/port 5000", "late/port 6000", "late/port 7000"],
    );
  });

  it("counts the time of an attempt from its start, not from when it was due", async () => {
    const { told, create, run, start } = stage({ places: 1 });
    start(create("a", 300));
    start(create("b", 300));
    await run(700);
    assert.deepEqual(told, ["a/port 0", "b/port 300"]);
  });

  it("is probed at once when hurried, and goes on from there", async () => {
    const { told, create, run, start } = stage({ paceMs: () => 90 });
    const runner = create("a", 0, { intervalMs: 90, fastIntervalMs: 90 });
    start(runner);
    await run(50);
    runner.hurry();
    await run(91);
    assert.deepEqual(told, ["a/port 0", "a/port 50", "a/port 140"]);
  });

  it("is probed once more after an attempt in which it was hurried", async () => {
    const { told, create, run, start } = stage();
    const runner = create("a", 40);
    start(runner);
    await run(10);
    runner.hurry();
    runner.hurry();
    await run(200);
    assert.deepEqual(told, ["a/port 0", "a/port 40"]);
  });

  it("keeps attempts a fast interval apart, however many events there are", async () => {
    // As in the core: an event is followed by a burst.
    let firstEventMs = Infinity;
    const paceMs = (_: CheckPlan, startedMs: number) => (startedMs >= firstEventMs ? 100 : 1000);
    const { told, create, run, start } = stage({ paceMs });
    const runner = create("a", 3);
    start(runner);
    await run(40);
    firstEventMs = 40;
    for (let nth = 0; nth < 30; nth += 1) {
      runner.hurry();
      await run(10);
    }
    await run(10);
    assert.deepEqual(told, ["a/port 0", "a/port 40", "a/port 140", "a/port 240", "a/port 340"]);
  });

  it("keeps attempts apart where a fast interval is no faster, and for a lone event does not wait", async () => {
    const { told, create, run, start } = stage({ paceMs: () => 90 });
    const runner = create("a", 0, { intervalMs: 90, fastIntervalMs: 90 });
    start(runner);
    await run(50);
    for (let nth = 0; nth < 5; nth += 1) runner.hurry();
    await run(100);
    assert.deepEqual(told, ["a/port 0", "a/port 50", "a/port 140"]);
    runner.hurry();
    await run(200);
    assert.deepEqual(told.slice(3), ["a/port 230", "a/port 320"]);
    runner.hurry();
    await run(5);
    assert.equal(told.length, 6, "nothing was heard for long");
  });

  it("counts an attempt that waits for a place as hurried, when it was", async () => {
    const { told, create, run, start } = stage({ places: 1, paceMs: () => 90 });
    const [busy, runner] = [
      create("busy", 60),
      create("a", 0, { intervalMs: 90, fastIntervalMs: 90 }),
    ];
    start(runner);
    start(busy, 1);
    await run(10);
    runner.hurry();
    runner.hurry();
    await run(55);
    busy.stop();
    runner.hurry();
    await run(120);
    assert.deepEqual(told, ["a/port 0", "busy/port 1", "a/port 61", "a/port 151"]);
  });

  it("tells all of its checks of each attempt, and pauses as the most impatient wants", async () => {
    const { told, create, run, start } = stage({
      paceMs: ({ id }) => (id === "b/port" ? 100 : 700),
    });
    const runner = create("a");
    runner.add(tcpCheck("b/port", 9));
    start(runner);
    await run(150);
    assert.deepEqual(told, ["a/port 0", "b/port 0", "a/port 100", "b/port 100"]);
  });

  it("tells a check nothing of an attempt that was under way when it came or went", async () => {
    const { told, create, run, start } = stage();
    const runner = create("a", 50);
    runner.add(tcpCheck("gone/port", 9));
    start(runner);
    await run(10);
    runner.add(tcpCheck("new/port", 9));
    assert.ok(runner.remove("gone/port"));
    await run(1100);
    assert.deepEqual(told, ["a/port 0", "a/port 1000", "new/port 1000"]);
  });

  it("tells all of its checks what it hears, and probes once", async () => {
    let closed = 0;
    let hear = () => {};
    const listen: Listen = (heard) => {
      hear = () => heard("connection-lost", "closed");
      return { isListening: true, close: () => (closed += 1) };
    };
    const { told, create, run, start } = stage({ listen });
    const runner = create("a");
    runner.add(tcpCheck("b/port", 9));
    start(runner);
    assert.equal(runner.isListening, undefined);
    await run(300);
    assert.equal(runner.isListening, true);
    hear();
    await run(10);
    runner.stop();
    await run(2000);
    assert.deepEqual(told.slice(2), [
      "a/port connection-lost",
      "b/port connection-lost",
      "a/port 300",
      "b/port 300",
    ]);
    assert.equal(closed, 1);
  });

  it("only polls while there is no descriptor to listen with", async () => {
    let open = 0;
    const listen: Listen = () => {
      open += 1;
      return { isListening: true, close: () => (open -= 1) };
    };
    const { told, create, run, start } = stage({ listen, held: 1 });
    const [first, second] = [create("a"), create("b")];
    for (const runner of [first, second]) start(runner);
    await run(10);
    assert.deepEqual([open, first.isListening, second.isListening], [1, true, false]);
    first.stop();
    await run(1000);
    assert.deepEqual([open, first.isListening, second.isListening], [1, undefined, true]);
    assert.deepEqual(told, ["a/port 0", "b/port 0", "b/port 1000"]);
    second.stop();
    assert.equal(open, 0);
  });

  it("gives its place back when it is stopped, waiting or under way", async () => {
    const { told, asked, create, run, start, clock } = stage({ places: 1 });
    const [first, second, third] = [create("a", 50), create("b"), create("c")];
    for (const runner of [first, second, third]) start(runner);
    await run(10);
    first.stop();
    second.stop();
    await run(100);
    assert.deepEqual(told, ["c/port 50"]);
    assert.deepEqual(asked, ["a", "c"]);
    third.stop();
    assert.equal(clock.pending, 0);
  });
});
