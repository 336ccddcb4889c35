import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { countDown } from "../../checks/countdown.ts";
import { manualTimers } from "./manual-timers.ts";

describe("countDown", () => {
  // The loop stands still at the start of a slice, for `stallMs`.
  const cases: { limitMs: number; stallMs: number; stalledMs: number; endsMs: number }[] = [
    { limitMs: 500, stallMs: 0, stalledMs: 0, endsMs: 500 },
    { limitMs: 500, stallMs: 120, stalledMs: 0, endsMs: 500 },
    { limitMs: 500, stallMs: 121, stalledMs: 121, endsMs: 621 },
    { limitMs: 500, stallMs: 500, stalledMs: 500, endsMs: 1000 },
    { limitMs: 500, stallMs: 700, stalledMs: 700, endsMs: 1000 },
    { limitMs: 500, stallMs: 1200, stalledMs: 1200, endsMs: 1200 },
    // Shorter than the 250 ms after which the next address is tried.
    { limitMs: 5000, stallMs: 200, stalledMs: 200, endsMs: 5200 },
    { limitMs: 10, stallMs: 10, stalledMs: 0, endsMs: 10 },
    { limitMs: 10, stallMs: 11, stalledMs: 11, endsMs: 20 },
    { limitMs: 1, stallMs: 3, stalledMs: 0, endsMs: 3 },
  ];
  for (const { limitMs, stallMs, stalledMs, endsMs } of cases) {
    test(`of ${limitMs} ms with a stall of ${stallMs} ms ends after ${endsMs} ms`, () => {
      const timers = manualTimers();
      const startedMs = timers.nowMs();
      let endedMs = 0;
      const countdown = countDown(limitMs, timers, () => (endedMs = timers.nowMs() - startedMs));
      timers.stall(stallMs);
      timers.advance(0);
      assert.equal(countdown.stalledMs(), stalledMs);
      timers.advance(limitMs * 2);
      assert.equal(endedMs, endsMs);
      assert.equal(timers.pending, 0);
    });
  }

  test("a stall that has not ended for the timer yet counts", () => {
    const timers = manualTimers();
    const countdown = countDown(500, timers, () => undefined);
    timers.stall(300);
    assert.equal(countdown.stalledMs(), 300);
  });

  test("runs nothing when it was cancelled in any slice", () => {
    for (const afterMs of [0, 100, 499]) {
      const timers = manualTimers();
      const countdown = countDown(500, timers, () => assert.fail());
      timers.advance(afterMs);
      countdown.cancel();
      assert.equal(timers.pending, 0);
    }
  });
});
