/** A process that stood still notices it, however it did. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { StallWatch, type Stall } from "../../src/daemon/stall-watch.ts";
import { manualClock } from "./fixtures.ts";

function watching() {
  const clock = manualClock();
  const stalls: Stall[] = [];
  const steps: number[] = [];
  let aheadMs = 0;
  let asleepMs = 0;
  const watch = new StallWatch({
    clock: { ...clock, wallMs: () => clock.nowMs() + aheadMs },
    bootMs: () => clock.nowMs() + asleepMs,
    stalled: (stall) => void stalls.push(stall),
    stepped: (byMs) => void steps.push(byMs),
  });
  watch.start();
  return {
    clock,
    stalls,
    steps,
    watch,
    setClock: (ms: number) => (aheadMs += ms),
    sleep: (ms: number) => {
      aheadMs += ms;
      asleepMs += ms;
    },
  };
}

describe("the watch for stalls", () => {
  test("hears nothing of an hour in which the loop runs, late by less than a second", () => {
    const { clock, stalls } = watching();
    for (let nth = 0; nth < 3600; nth += 1) {
      clock.stall(850);
      clock.advance(150);
    }
    assert.deepEqual(stalls, []);
  });

  test("tells at the first tick how long the loop stood still", () => {
    const { clock, stalls } = watching();
    clock.advance(1000);
    clock.stall(30_000);
    clock.advance(0);
    assert.deepEqual(stalls, [{ ms: 30_000, kind: "still" }]);
    clock.advance(10_000);
    assert.equal(stalls.length, 1);
  });

  test("tells when it is asked, before the tick that is late", () => {
    const { clock, stalls, watch } = watching();
    clock.stall(2000);
    watch.look();
    assert.deepEqual(stalls, [{ ms: 2000, kind: "still" }]);
    clock.advance(1000);
    assert.equal(stalls.length, 1);
  });

  test("knows sleep, which only the other clocks show, from a step of the wall clock", () => {
    const { clock, stalls, steps, setClock, sleep } = watching();
    setClock(3_600_000);
    clock.advance(1000);
    setClock(-3_600_000);
    clock.advance(1000);
    assert.deepEqual(stalls, []);
    sleep(600_000);
    clock.advance(1000);
    assert.deepEqual(stalls, [{ ms: 600_000, kind: "asleep" }]);
    setClock(-600_000);
    clock.advance(10_000);
    assert.equal(stalls.length, 1);
    assert.deepEqual(steps, [3_600_000, -3_600_000, -600_000]);
  });

  test("tells of a step that comes with sleep, and of no slow drift", () => {
    const { clock, stalls, steps, setClock, sleep } = watching();
    for (let second = 0; second < 600; second += 1) {
      // The monotonic clock is slewed too: more than this is not seen.
      setClock(0.5);
      clock.advance(1000);
    }
    assert.deepEqual(steps, []);
    sleep(600_000);
    setClock(5000);
    clock.advance(100);
    assert.deepEqual(stalls, [{ ms: 600_000, kind: "asleep" }]);
    // With the drift of the ten minutes.
    assert.deepEqual(steps, [5300]);
  });

  test("is silent when it is stopped", () => {
    const { clock, watch } = watching();
    watch.stop();
    assert.equal(clock.pending, 0);
  });
});
