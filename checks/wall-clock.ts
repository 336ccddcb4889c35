/** The wall clock as far as it can be trusted: what is concluded from dates means nothing after it was stepped. */
import { inconclusive, type Result } from "./probe.ts";
import type { Timers } from "./timers.ts";

export interface WallClock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Looks at it: a step is found at the next look. Cheap. */
  look(): void;
  /** How it was stepped lately, in words; undefined when it was not. Looks by itself. */
  stepped(): string | undefined;
  /**
   * For a result that dates alone have decided. A failure is `clock-stepped` and inconclusive as long as the
   * clock was stepped lately; everything else comes back as it is.
   */
  judge(result: Result): Result;
}

/**
 * The kernel slews both clocks alike (adjtimex(2)), so that they part only where one is set, or the machine sleeps:
 * what is below this is a leap second, or two looks at two clocks.
 */
const STEP_MS = 1500;

/**
 * Which of the dates was right, nobody can tell: whoever set the clock wrongly has this long to set it right. After
 * that its dates count again, because a clock that stays wrong must not hide an expired certificate for ever.
 */
export const DOUBT_MS = 5 * 60_000;

/** @param wallMs Milliseconds since 1970; by default the system's clock. */
export function createWallClock(
  timers: Timers,
  wallMs: () => number = () => Date.now(),
): WallClock {
  let offsetMs = wallMs() - timers.nowMs();
  let last: { readonly atMs: number; readonly byMs: number } | undefined;

  return {
    nowMs: wallMs,
    look,
    stepped,
    judge(result) {
      const step = result.outcome === "fail" ? stepped() : undefined;
      if (step === undefined) return result;
      return inconclusive("clock-stepped", `${step}: ${result.reason}: ${result.detail}`);
    },
  };

  function look(): void {
    const nowMs = timers.nowMs();
    const byMs = wallMs() - nowMs - offsetMs;
    if (Math.abs(byMs) < STEP_MS) return;
    offsetMs += byMs;
    last = { atMs: nowMs, byMs };
  }

  function stepped(): string | undefined {
    look();
    if (last === undefined || timers.nowMs() - last.atMs >= DOUBT_MS) return undefined;
    const { byMs } = last;
    return `the clock was set ${byMs > 0 ? "forward" : "back"} by ${seconds(Math.abs(byMs))}`;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
