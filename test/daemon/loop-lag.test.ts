import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { LoopLag } from "../../src/daemon/metrics/loop-lag.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock } from "./fixtures.ts";

const STALL_MS = 300;

it("the worst delay of the event loop is told for a minute, whoever asks, and then forgotten", async (t) => {
  const clock = manualClock();
  const lag = new LoopLag(clock);
  t.after(() => lag.stop());
  // The kernel's timer must have begun to measure.
  await pause(50);
  const beganMs = performance.now();
  while (performance.now() - beganMs < STALL_MS);
  await waitUntil("the delay", () => lag.seconds > 0.2 || undefined);
  const worst = lag.seconds;
  for (let seconds = 10; seconds <= 50; seconds += 10) {
    clock.advance(10_000);
    assert.ok(lag.seconds >= worst, `after ${seconds} s`);
  }
  clock.advance(10_000);
  assert.ok(lag.seconds < worst, `${lag.seconds} s is not forgotten`);
  assert.ok(lag.seconds >= 0);
});
