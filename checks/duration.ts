/** Durations as they are written in the configuration and on the command line. */

/** Timers of Node.js hold at most 2^31-1 ms, which is 24.8 days. */
export const DURATION_MAX_MS = 7 * 24 * 3_600_000;

/** What a duration looks like; its size is judged apart. */
export const DURATION_PATTERN = /^(\d{1,9})(ms|s|m|h)$/;

/** The largest first. */
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Text that is not a duration, or one out of bounds. */
export class DurationError extends Error {
  override readonly name = "DurationError";
  readonly code = "INVALID_DURATION";
  /** What would have been right. */
  readonly allowed: string;

  constructor(text: string, allowed: string) {
    super(`Cannot use duration ${JSON.stringify(text.slice(0, 40))}: must be ${allowed}`);
    this.allowed = allowed;
  }
}

/**
 * Strict on purpose: no sign, no space, no fraction, one unit. Lax parsers read `5` as 5 ms and `5m foo` as 5 m.
 *
 * @returns Milliseconds.
 * @throws {DurationError}
 */
export function parseDuration(text: string, minMs = 0, maxMs = DURATION_MAX_MS): number {
  const [, count, unit = ""] = DURATION_PATTERN.exec(text) ?? [];
  const durationMs = Number(count) * (UNIT_MS[unit] ?? NaN);
  if (durationMs >= minMs && durationMs <= maxMs) return durationMs;
  throw new DurationError(text, durationsAllowed(minMs, maxMs));
}

/** @returns Whether `parseDuration` would return a number. */
export function isDuration(text: string, minMs = 0, maxMs = DURATION_MAX_MS): boolean {
  try {
    parseDuration(text, minMs, maxMs);
    return true;
  } catch {
    return false;
  }
}

/** Words for messages: which durations there are. */
export function durationsAllowed(minMs = 0, maxMs = DURATION_MAX_MS): string {
  return `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, such as 500ms, 2s, 5m or 1h`;
}

/** @param durationMs Whole milliseconds. */
export function formatDuration(durationMs: number): string {
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    if (durationMs >= unitMs && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return "0s";
}
