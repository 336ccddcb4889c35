/**
 * How long a prefix that was withdrawn stays away, so that nobody upstream damps it (RFC 2439). Times are milliseconds
 * on the monotonic clock; those of an earlier life, or boot, are below 0.
 */
import type { Hold } from "../config/plan.ts";

/** When each prefix was withdrawn, the oldest first, by canonical prefix. */
export type Withdrawals = ReadonlyMap<string, readonly number[]>;

/** Of one prefix: as many as a hold can count (`flaps` is at most 100), and some more. */
const WITHDRAWALS_MAX = 128;

/**
 * Longer ago nothing matters: the longest `within` before the longest `for`. Kept whatever the configuration says,
 * because a reload may add a hold.
 */
const WITHDRAWALS_KEPT_MS = 48 * 3_600_000;

/** The history with one more withdrawal, now, of each prefix; upstream counts it whoever caused it. */
export function addWithdrawals(
  history: Withdrawals,
  prefixes: readonly string[],
  nowMs: number,
): Withdrawals {
  if (prefixes.length === 0) return history;
  const next = new Map(history);
  for (const prefix of prefixes) {
    next.set(prefix, keep([...(history.get(prefix) ?? []), nowMs], nowMs));
  }
  return next;
}

/** The history without what is too old to matter. */
export function pruneWithdrawals(history: Withdrawals, nowMs: number): Withdrawals {
  return new Map(
    [...history].flatMap(([prefix, times]) => {
      const kept = keep(times, nowMs);
      return kept.length === 0 ? [] : [[prefix, kept] as const];
    }),
  );
}

function keep(times: readonly number[], nowMs: number): readonly number[] {
  return times.filter((ms) => nowMs - ms < WITHDRAWALS_KEPT_MS).slice(-WITHDRAWALS_MAX);
}

/**
 * When the prefix may be announced again: each withdrawal holds it for as long as its place among those of the last
 * `withinMs` says, and the latest end counts.
 *
 * @param times Of its withdrawals, the oldest first.
 * @returns -Infinity without any.
 */
export function holdEndMs(times: readonly number[], hold: Hold): number {
  let endMs = -Infinity;
  let first = 0;
  for (const [nth, ms] of times.entries()) {
    while (ms - (times[first] ?? ms) >= hold.withinMs) first += 1;
    endMs = Math.max(endMs, ms + (hold.first[nth - first] ?? hold.furtherMs));
  }
  return endMs;
}

/** After so long a withdrawal neither holds nor counts any more. */
export function memoryMs({ withinMs, first, furtherMs }: Hold): number {
  return Math.max(withinMs, furtherMs, ...first);
}
