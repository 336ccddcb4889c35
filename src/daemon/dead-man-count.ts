/** When the event loop counts as blocked: pure, so that every order of ticks can be tried. */

/** Between two looks of the worker, and between two beats of the main loop. */
export const TICK_MS = 100;

/** A look that comes later than that says more about the host than about the loop. */
const LATE_MAX_MS = 100;

/**
 * So long without a beat: longer than any garbage collection and than the largest decision (0.3 s for ten thousand
 * prefixes), and the withdrawal is on the wire within 2 s.
 */
export const SILENCE_MAX_MS = 1500;

/** What the worker has seen so far. */
export interface Silence {
  /** The last beat that it saw. */
  readonly beat: number;
  /** For how long there was none, as punctual looks count it. */
  readonly silentMs: number;
  /** When it looked last, milliseconds on the monotonic clock. */
  readonly lookedAtMs: number;
}

export interface Look {
  readonly beat: number;
  readonly nowMs: number;
}

/**
 * A late look starts the count anew: the whole process was stopped (SIGSTOP, a pause of the machine) or starved, and
 * the main thread has not had its turn yet. So does a beat.
 */
export function countSilence(before: Silence, { beat, nowMs }: Look): Silence {
  const elapsedMs = nowMs - before.lookedAtMs;
  const isLate = elapsedMs > TICK_MS + LATE_MAX_MS;
  if (isLate || beat !== before.beat) return { beat, silentMs: 0, lookedAtMs: nowMs };
  const silentMs = before.silentMs + Math.min(elapsedMs, TICK_MS);
  return { beat, silentMs, lookedAtMs: nowMs };
}

export function isBlocked({ silentMs }: Silence): boolean {
  return silentMs >= SILENCE_MAX_MS;
}
