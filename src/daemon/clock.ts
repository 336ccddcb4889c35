/** Both clocks. Durations and thresholds use the monotonic one; only records and status show dates. */
import { systemTimers, type Timers } from "../../checks/timers.ts";

export interface Clock extends Timers {
  /** Milliseconds since 1970; may jump. */
  wallMs(): number;
}

export const systemClock: Clock = { ...systemTimers, wallMs: () => Date.now() };
