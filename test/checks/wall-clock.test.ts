/** What dates have decided does not count after the wall clock was stepped. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fail, inconclusive, pass } from "../../checks/probe.ts";
import { createWallClock, DOUBT_MS } from "../../checks/wall-clock.ts";
import { manualTimers } from "./manual-timers.ts";

const EXPIRED = fail("bad-certificate", "certificate has expired");

function clocks() {
  const timers = manualTimers();
  let aheadMs = Date.UTC(2026, 0, 1);
  return {
    timers,
    set: (ms: number) => (aheadMs += ms),
    clock: createWallClock(timers, () => timers.nowMs() + aheadMs),
  };
}

describe("the wall clock", () => {
  test("that only runs is believed", () => {
    const { timers, clock } = clocks();
    timers.advance(30 * 24 * 3_600_000);
    assert.equal(clock.stepped(), undefined);
    assert.equal(clock.judge(EXPIRED), EXPIRED);
  });

  test("that is slewed, or has a leap second, is believed", () => {
    const { timers, clock, set } = clocks();
    for (const ms of [1000, -1000]) {
      set(ms);
      timers.advance(1000);
      assert.equal(clock.judge(EXPIRED), EXPIRED);
    }
  });

  for (const [ms, words] of [
    [3_600_000, "the clock was set forward by 3600 s"],
    [-2500, "the clock was set back by 2.5 s"],
  ] as const) {
    test(`of which ${words} is not, for a while`, () => {
      const { timers, clock, set } = clocks();
      set(ms);
      assert.deepEqual(
        clock.judge(EXPIRED),
        inconclusive("clock-stepped", `${words}: bad-certificate: certificate has expired`),
      );
      timers.advance(DOUBT_MS - 1);
      assert.equal(clock.judge(EXPIRED).outcome, "inconclusive");
      timers.advance(1);
      assert.equal(clock.judge(EXPIRED), EXPIRED);
    });
  }

  test("that was set again is doubted anew", () => {
    const { timers, clock, set } = clocks();
    set(3_600_000);
    clock.look();
    timers.advance(DOUBT_MS - 1);
    set(-3_600_000);
    assert.match(clock.stepped() ?? "", /back by 3600 s/);
    timers.advance(DOUBT_MS - 1);
    assert.notEqual(clock.stepped(), undefined);
  });

  test("is doubted from the look that found the step, not from when it is needed", () => {
    const { timers, clock, set } = clocks();
    set(3_600_000);
    clock.look();
    timers.advance(DOUBT_MS);
    assert.equal(clock.judge(EXPIRED), EXPIRED);
  });

  test("changes no result but a failure", () => {
    const { clock, set } = clocks();
    set(3_600_000);
    const others = [pass("valid"), inconclusive("resolver-failed", "")];
    for (const result of others) assert.equal(clock.judge(result), result);
  });
});
