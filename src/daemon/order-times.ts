/** When an order began and ends: dates in its file, moments on the monotonic clock for the core. */
import type { Moment } from "../core/status.ts";

/** When the content of a file was first seen, and the file's own date. */
export interface Seen extends Moment {
  /** When the file was put there, milliseconds since 1970. */
  readonly changedMs: number | undefined;
}

/** RFC 3339 section 5.6, in capitals. */
const DATE =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** @returns Milliseconds since 1970, or undefined for what is no date of RFC 3339. */
export function parseDate(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  const [, year, month, day] = DATE.exec(text) ?? [];
  const dateMs = Date.parse(text);
  if (year === undefined || Number.isNaN(dateMs)) return undefined;
  // `Date.parse` takes 30 February for 2 March.
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(day) <= lastDay ? dateMs : undefined;
}

/**
 * When the order began, milliseconds on the monotonic clock. Never in the future: a clock that was set back must not
 * make a stage longer.
 */
export function startedMs(sinceMs: number | undefined, seen: Seen): number {
  return seen.nowMs - Math.max(0, seen.wallMs - (sinceMs ?? seen.changedMs ?? seen.wallMs));
}

/**
 * When the order ends, milliseconds on the monotonic clock. Later steps of the wall clock do not move it, and a clock
 * that is wrong when the file is seen, as after a boot, makes it at most as long as it was ordered.
 */
export function endsAtMs(untilMs: number, sinceMs: number | undefined, seen: Seen): number {
  const leftMs = untilMs - seen.wallMs;
  return seen.nowMs + (sinceMs === undefined ? leftMs : Math.min(leftMs, untilMs - sinceMs));
}
