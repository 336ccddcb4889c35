/** When the event loop counts as blocked: pure, so that every order of ticks can be tried. */

/** Between two looks of the worker, and between two beats of the main loop. */
export const TICK_MS = 100;

/** A look that comes later than that says more about the host than about the loop. */
const LATE_MAX_MS = 100;

/**
 * Of a look's time so much counts whatever the main thread waited for: one that gives no sign for 6 s is of no use
 * either, and systemd's watchdog, which ends all of ExaBGP, acts after 10 s.
 */
const COUNTED_MIN_PART = 0.25;

/**
 * So long without a beat: longer than any garbage collection and than the largest decision (0.3 s for ten thousand
 * prefixes), and the withdrawal is on the wire within 2 s.
 */
export const SILENCE_MAX_MS = 1500;

/** What the worker has seen so far. */
export interface Silence {
  /** The last beat that it saw. */
  readonly beat: number;
  /** For how long there was none, though the main thread could have run. */
  readonly silentMs: number;
  /** When it looked last, milliseconds on the monotonic clock. */
  readonly lookedAtMs: number;
}

export interface Look {
  readonly beat: number;
  readonly nowMs: number;
  /** For how long of the time since the last look the main thread was ready to run, and had no processor. */
  readonly waitedMs: number;
}

/**
 * A late look starts the count anew: the whole process was stopped (SIGSTOP, a pause of the machine) or starved, and
 * the main thread has not had its turn yet. So does a beat. Of what the main thread waited for a processor most does not
 * count: a loop that starves, while the thread beside it gets the little that it wants, is not blocked.
 */
export function countSilence(before: Silence, { beat, nowMs, waitedMs }: Look): Silence {
  const elapsedMs = nowMs - before.lookedAtMs;
  const isLate = elapsedMs > TICK_MS + LATE_MAX_MS;
  if (isLate || beat !== before.beat) return { beat, silentMs: 0, lookedAtMs: nowMs };
  const lookMs = Math.min(elapsedMs, TICK_MS);
  const countedMs = Math.max(COUNTED_MIN_PART * lookMs, lookMs - waitedMs);
  return { beat, silentMs: before.silentMs + countedMs, lookedAtMs: nowMs };
}

export function isBlocked({ silentMs }: Silence): boolean {
  return silentMs >= SILENCE_MAX_MS;
}
