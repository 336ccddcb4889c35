import assert from "node:assert/strict";
import { it } from "node:test";
import { createMoments } from "../../src/daemon/clock.ts";
import { manualClock } from "./fixtures.ts";

it("gives one monotonic time the same date for ever, and follows a step of the wall clock", () => {
  const clock = manualClock();
  let skewMs = 0;
  const moment = createMoments({
    ...clock,
    nowMs: () => clock.nowMs(),
    wallMs: () => clock.wallMs() + skewMs,
  });
  const dateOf = (ms: number) => {
    const { nowMs, wallMs } = moment();
    return wallMs - (nowMs - ms);
  };
  const bornMs = clock.nowMs();
  const first = dateOf(bornMs);
  for (const wobbleMs of [0.7, -3, 12]) {
    clock.advance(1000);
    skewMs = wobbleMs;
    assert.equal(dateOf(bornMs), first);
  }
  skewMs = 3_600_000;
  assert.equal(dateOf(bornMs), first + 3_600_000);
});
