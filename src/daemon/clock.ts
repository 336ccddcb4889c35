/** Both clocks. Durations and thresholds use the monotonic one; only records and status show dates. */
import type { Moment } from "../core/status.ts";
import { systemTimers, type Timers } from "../../checks/timers.ts";

export interface Clock extends Timers {
  /** Milliseconds since 1970; may jump. */
  wallMs(): number;
}

export const systemClock: Clock = { ...systemTimers, wallMs: () => Date.now() };

/** A difference of the clocks beyond this is a step of the wall clock; below it, how they are read. */
const STEP_MS = 20;

/**
 * Tells now on both clocks, so that one monotonic time becomes the same date whenever it is asked for: the
 * offset between the clocks is taken anew only after the wall clock has stepped.
 */
export function createMoments(clock: Clock): () => Moment {
  let offsetMs = clock.wallMs() - clock.nowMs();
  return () => {
    const nowMs = clock.nowMs();
    const seenMs = clock.wallMs() - nowMs;
    if (Math.abs(seenMs - offsetMs) > STEP_MS) offsetMs = seenMs;
    return { nowMs, wallMs: nowMs + offsetMs };
  };
}
