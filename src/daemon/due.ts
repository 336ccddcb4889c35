/**
 * When attempts are due. Times are whole milliseconds on the monotonic clock, and each is counted from the one
 * before, not from when the attempt really began: so checks that were due together stay together, and none drifts.
 */

/** As many are started together: a process that has just slept is slow at the first, and twice as fast at the rest. */
const BURST = 20;

/** Few checks are spread all the same: their targets may be one server. */
const MOMENTS_MIN = 5;

/**
 * When `count` checks with one interval are first due, in milliseconds from now: at moments spread evenly over the
 * interval. Neighbours, which are often about one server, are not due together.
 */
export function spread(count: number, intervalMs: number): number[] {
  const moments = Math.min(count, Math.max(MOMENTS_MIN, Math.ceil(count / BURST)));
  return Array.from({ length: count }, (_, nth) =>
    Math.floor(((nth % moments) * intervalMs) / moments),
  );
}

/** Part of the pause by which a check that has lost its place in the spread comes nearer to it with each attempt. */
const RETURN = 1 / 4;

/** Checks with shorter pauses need not be spread, and are to keep them exactly. */
const RETURN_PAUSE_MIN_MS = 100;

export interface Last {
  /** When it was due. */
  readonly dueMs: number;
  /** When it began: later where the event loop or all places were busy. */
  readonly startedMs: number;
}

/** A check's place in the spread. */
export interface Home {
  readonly firstDueMs: number;
  readonly intervalMs: number;
}

/**
 * When the next attempt is due, `pauseMs` after the last one was. What was missed is not made up for: after a late
 * start at least half the pause passes.
 *
 * An event, a fast interval or a stall puts many checks to one moment. At their regular pace they go home, earlier
 * than they need and never later.
 */
export function nextDueMs({ dueMs, startedMs }: Last, pauseMs: number, home: Home): number {
  const nextMs = Math.ceil(Math.max(dueMs + pauseMs, startedMs + pauseMs / 2));
  if (pauseMs < Math.max(home.intervalMs, RETURN_PAUSE_MIN_MS)) return nextMs;
  const beyondMs = (nextMs - home.firstDueMs) % home.intervalMs;
  const returnMs = Math.min(beyondMs, Math.floor(pauseMs * RETURN));
  return nextMs - Math.max(0, returnMs);
}
