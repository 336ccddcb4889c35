/** Whether a new agent may work at once, or idles first because it, or ExaBGP for its sake, would not live long. Pure. */

/** How far a life of the agent came: `begun` before it decided anything; `clean`: it ended as it was told to. */
export type Stage = "begun" | "running" | "clean";

/** One start of the agent. */
export interface Start {
  /** Names the ExaBGP above it (`exabgpLife`): each counts the deaths of its own child. */
  readonly life: string;
  readonly pid: number;
  /** When it was counted, milliseconds since the boot on the host's monotonic clock; so is every time here. */
  readonly atMs: number;
  /** How long it was to idle. */
  readonly idleMs: number;
  /** When the first idled of the crash loop that it belongs to; undefined: it is in none. */
  readonly loopSinceMs?: number | undefined;
  readonly stage: Stage;
}

export interface StartVerdict {
  /** 0: it works at once. */
  readonly idleMs: number;
  /** Before even its program is loaded: so far no life came so far that it could have idled. */
  readonly isBlind: boolean;
  /** What made it idle, for people; empty when it does not. */
  readonly why: string;
  /** Starts after an unclean end within `STARTS_WINDOW_MS`, this one included. */
  readonly unclean: number;
  /** See `Start`. */
  readonly loopSinceMs: number | undefined;
}

/**
 * ExaBGP 4.2 and 5.0 count the starts of a child, the first and those after a clean end included, in buckets of 64 s of
 * the wall clock, and end with all their sessions at the sixth in one (`respawn_number` and `respawn_timemask` in
 * reactor/api/processes.py). Any 64 s are looked at here, because nobody knows their clock.
 */
export const STARTS_WINDOW_MS = 64_000;
const STARTS_MAX = 5;

/** Their clock is cut to seconds, and they count a moment before the agent does. */
const MARGIN_MS = 1000;

/** So many starts after unclean ends work at once: what crashed once has mostly met what will not come again. */
const UNCLEAN_AT_ONCE = 2;

/** With it a child that dies whenever it begins to work starts at most five times within 64 s. */
export const CRASH_LOOP_IDLE_MS = 15_000;

/** @param earlier Under the same ExaBGP, oldest first. */
export function judgeStart(earlier: readonly Start[], nowMs: number): StartVerdict {
  const isRecent = (atMs: number): boolean => atMs > nowMs - STARTS_WINDOW_MS && atMs <= nowMs;
  const times = [...earlier.map(({ atMs }) => atMs).filter(isRecent), nowMs];
  const followers = [...earlier.slice(1).map(({ atMs }) => atMs), nowMs];
  const unclean = followers.filter(
    (atMs, nth) => isRecent(atMs) && earlier[nth] !== undefined && earlier[nth].stage !== "clean",
  ).length;
  const isLoop = unclean > UNCLEAN_AT_ONCE;
  // If it dies as soon as it works, the next start is the fifth at most.
  const first = times.at(-STARTS_MAX);
  const spacingMs = first === undefined ? 0 : first + STARTS_WINDOW_MS + MARGIN_MS - nowMs;
  const idleMs = Math.max(isLoop ? CRASH_LOOP_IDLE_MS : 0, spacingMs);
  const last = earlier.at(-1);
  // The lives of one loop that need not idle belong to it.
  const isContinued = last !== undefined && nowMs - last.atMs - last.idleMs < STARTS_WINDOW_MS;
  const standing = isContinued ? last.loopSinceMs : undefined;
  if (idleMs === 0) return { idleMs, isBlind: false, why: "", unclean, loopSinceMs: standing };
  const recent = earlier.slice(1 - times.length);
  return {
    idleMs,
    isBlind: spacingMs > 0 && recent.every(({ stage }) => stage === "begun"),
    why: isLoop
      ? `the agent has ended without being told to ${unclean} times within ${STARTS_WINDOW_MS / 1000} s`
      : `the agent has started ${times.length} times within ${STARTS_WINDOW_MS / 1000} s, and ExaBGP ends at the sixth`,
    unclean,
    loopSinceMs: standing ?? nowMs,
  };
}
