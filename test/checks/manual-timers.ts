/** A clock that stands still until the test moves it. */
import type { Timers } from "../../checks/timers.ts";

export interface ManualTimers extends Timers {
  /** Moves the clock and runs what is due, in the order of time. */
  advance(ms: number): void;
  /** Moves the clock and runs nothing: the event loop stands still. */
  stall(ms: number): void;
  /** Timers that neither ran nor were cancelled. */
  readonly pending: number;
}

export function manualTimers(): ManualTimers {
  let now = 1000;
  let last = 0;
  const due = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  return {
    nowMs: () => now,
    after(delayMs, run) {
      last += 1;
      const id = last;
      due.set(id, { atMs: now + delayMs, run });
      return () => due.delete(id);
    },
    advance(ms) {
      const endMs = now + ms;
      for (;;) {
        const [next] = [...due].toSorted(([, one], [, other]) => one.atMs - other.atMs);
        if (next === undefined || next[1].atMs > endMs) break;
        due.delete(next[0]);
        now = Math.max(now, next[1].atMs);
        next[1].run();
      }
      now = endMs;
    },
    stall(ms) {
      now += ms;
    },
    get pending() {
      return due.size;
    },
  };
}
