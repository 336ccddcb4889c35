/** Moments, lists and quotations in sentences. */
import { span } from "./span.ts";
import type { Moment } from "./status.ts";

/** RFC 3339 in whole seconds. */
function date(ms: number, { nowMs, wallMs }: Moment): string {
  return `${new Date(wallMs - (nowMs - ms)).toISOString().slice(0, 19)}Z`;
}

/** `2026-01-01T00:05:00Z (in 5m)`, also for what is due at this moment. */
export function soon(ms: number, moment: Moment): string {
  return `${date(ms, moment)} (in ${span(ms - moment.nowMs)})`;
}

/** `2026-01-01T00:00:00Z (5m ago)` */
export function ago(ms: number, moment: Moment): string {
  return `${date(ms, moment)} (${span(moment.nowMs - ms)} ago)`;
}

/** Text from outside: nothing in it can end the quotation, or the line. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** `a`, `a and b`, `a, b and c`, `a, b, c and 7 more` */
export function list(words: readonly string[], shownMax: number): string {
  const shown = words.slice(0, shownMax);
  const rest = words.length - shown.length;
  const last = rest > 0 ? `${rest} more` : (shown.pop() ?? "");
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}

/** A pause as it is written in the configuration: `500ms`, `2s`, `1.5s`. */
export function pause(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}
