/** A time limit that runs only while the event loop does. */
import type { Timers } from "./timers.ts";

export interface Countdown {
  /** At least as long as the event loop stood still so far, milliseconds; 0 if it never did for long. */
  stalledMs(): number;
  cancel(): void;
}

/**
 * The limit is watched in slices, of which one that takes more than twice its time is a stall, and counts
 * as stalled from its start: nobody knows when in it the loop stopped.
 */
const SLICES = 8;

/** Timers have a resolution of 1 ms, and a busy process is some milliseconds late. */
const SLICE_MIN_MS = 5;

/** Clocks of a probe's own must not run out in a stall that nobody sees; the shortest has 250 ms. */
const SLICE_MAX_MS = 60;

/**
 * Runs `run` when the event loop has run for `limitMs`, and after `2 * limitMs` at the latest (or as soon
 * as a stall ends): who waited for an answer then has had its time to read it, however long the loop stood
 * still meanwhile.
 */
export function countDown(limitMs: number, timers: Timers, run: () => void): Countdown {
  const startedMs = timers.nowMs();
  const sliceMs = Math.min(Math.max(limitMs / SLICES, SLICE_MIN_MS), SLICE_MAX_MS);
  let sliceStartedMs = startedMs;
  let stalledBeforeMs = 0;
  let cancel = nextSlice();

  return { stalledMs, cancel: () => cancel() };

  function nextSlice(): () => void {
    stalledBeforeMs = stalledMs();
    sliceStartedMs = timers.nowMs();
    const dueMs = startedMs + Math.min(limitMs + stalledBeforeMs, 2 * limitMs);
    const leftMs = dueMs - sliceStartedMs;
    // At the end one turn of the loop more, so that an answer which is already here counts.
    if (leftMs <= 0) return timers.after(0, run);
    return timers.after(Math.min(sliceMs, leftMs), () => (cancel = nextSlice()));
  }

  function stalledMs(): number {
    const tookMs = timers.nowMs() - sliceStartedMs;
    return stalledBeforeMs + (tookMs > 2 * sliceMs ? tookMs : 0);
  }
}
