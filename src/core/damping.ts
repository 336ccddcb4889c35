/**
 * How long a prefix that was withdrawn stays away, so that nobody upstream damps it (RFC 2439). Times are milliseconds
 * on the monotonic clock; those of an earlier life, or boot, are below 0.
 */
import type { Hold } from "../config/plan.ts";

/** One withdrawal of a prefix. */
export interface Flap {
  readonly withdrawnMs: number;
  /** When it was announced again; undefined: not yet. */
  readonly returnedMs: number | undefined;
}

/** Of each prefix, the oldest first, by canonical prefix. */
export type Flaps = ReadonlyMap<string, readonly Flap[]>;

/** Of one prefix: as many as a hold can count (`flaps` is at most 100), and some more. */
const FLAPS_MAX = 128;

/**
 * Longer ago nothing matters: the longest `within` before the longest `for`. Kept whatever the configuration says,
 * because a reload may add a hold.
 */
const FLAPS_KEPT_MS = 48 * 3_600_000;

/** What a step did to prefixes, as routers upstream see it: whoever caused it. */
export interface Moves {
  readonly withdrawn: readonly string[];
  readonly announced: readonly string[];
}

/** The history after `moves`, which are made now. */
export function addMoves(history: Flaps, { withdrawn, announced }: Moves, nowMs: number): Flaps {
  const returned = announced.filter(
    (prefix) => history.get(prefix)?.at(-1)?.returnedMs === undefined && history.has(prefix),
  );
  if (withdrawn.length + returned.length === 0) return history;
  const next = new Map(history);
  for (const prefix of withdrawn) {
    const flaps = [...(history.get(prefix) ?? []), { withdrawnMs: nowMs, returnedMs: undefined }];
    next.set(prefix, keep(flaps, nowMs, true));
  }
  for (const prefix of returned) {
    const flaps = history.get(prefix) ?? [];
    next.set(
      prefix,
      flaps.map((flap) => (flap.returnedMs === undefined ? { ...flap, returnedMs: nowMs } : flap)),
    );
  }
  return next;
}

/** The history without what is too old to matter. @param isKnown Whether anybody may announce a prefix again. */
export function pruneFlaps(
  history: Flaps,
  isKnown: (prefix: string) => boolean,
  nowMs: number,
): Flaps {
  return new Map(
    [...history].flatMap(([prefix, flaps]) => {
      const kept = keep(flaps, nowMs, isKnown(prefix));
      return kept.length === 0 ? [] : [[prefix, kept] as const];
    }),
  );
}

/** The return of a prefix that has been away for long is news upstream, so the last flap stays until then. */
function keep(flaps: readonly Flap[], nowMs: number, keepsOpen: boolean): readonly Flap[] {
  return flaps
    .filter(
      ({ withdrawnMs, returnedMs }, nth) =>
        nowMs - (returnedMs ?? withdrawnMs) < FLAPS_KEPT_MS ||
        (keepsOpen && returnedMs === undefined && nth === flaps.length - 1),
    )
    .slice(-FLAPS_MAX);
}

/**
 * When the prefix may be announced again: each withdrawal holds it for as long as its place among those that count
 * says, and the latest end counts.
 *
 * @param flaps Of the prefix, the oldest first.
 * @returns -Infinity without any.
 */
export function holdEndMs(flaps: readonly Flap[], hold: Hold): number {
  let endMs = -Infinity;
  let first = 0;
  for (const [nth, { withdrawnMs }] of flaps.entries()) {
    while (first < nth && withdrawnMs - countedFromMs(flaps[first], hold) >= hold.withinMs) {
      first += 1;
    }
    endMs = Math.max(endMs, withdrawnMs + (hold.first[nth - first] ?? hold.furtherMs));
  }
  return endMs;
}

/** How many of the withdrawals neither hold nor count for nothing by now. */
export function countFlaps(flaps: readonly Flap[], hold: Hold, nowMs: number): number {
  const memoryMs = Math.max(hold.withinMs, hold.furtherMs, ...hold.first);
  return flaps.filter((flap) => nowMs - countedFromMs(flap, hold) < memoryMs).length;
}

function countedFromMs(flap: Flap | undefined, { fromReturn }: Hold): number {
  if (flap === undefined) return -Infinity;
  return (fromReturn === true ? flap.returnedMs : undefined) ?? flap.withdrawnMs;
}
