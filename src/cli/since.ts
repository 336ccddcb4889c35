/** `--since`: how far back to look. */
import { DurationError, formatDuration, parseDuration } from "../config/duration.ts";
import { CommandError } from "./exit.ts";
import { readTime, TIMES_ALLOWED } from "./local-time.ts";

/** History is kept by size, not by age; this is longer than anybody's. */
const AGO_MAX_MS = 100_000 * 3_600_000;

const DAY_MS = 24 * 3_600_000;

/** More of a wrong argument is not shown. */
const SHOWN_MAX = 80;

const ALLOWED = `a duration up to ${formatDuration(AGO_MAX_MS)} such as 30m or 2h, or a time: ${TIMES_ALLOWED.replace("the next such", "the last such")}`;

/**
 * @param nowMs Milliseconds since 1970.
 * @returns Milliseconds since 1970.
 * @throws {CommandError} `usage`
 */
export function sinceOf(text: string, nowMs: number): number {
  try {
    return nowMs - parseDuration(text, 0, AGO_MAX_MS);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
  }
  // `HH:MM` is after the time that it is read at: so the last such is after yesterday's now.
  const time = readTime(text, nowMs - DAY_MS);
  if (typeof time === "number") return time;
  const shown = JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text);
  const why = {
    nonsense: `must be ${ALLOWED}`,
    skipped: "the clock skips this time that day; add an hour",
    twice: "the clock shows this time twice that day; add the offset, as +01:00",
  }[time];
  throw new CommandError("usage", `Cannot use --since ${shown}: ${why}`);
}
