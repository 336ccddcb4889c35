/** How long ago, and how soon. */
import { span } from "../core/span.ts";

/** @param since RFC 3339. @returns `3d 4h`, `12m 5s`, `0s` for the future (clocks step), `-` for no date. */
export function age(since: string | undefined, wallMs: number): string {
  const sinceMs = Date.parse(since ?? "");
  return Number.isNaN(sinceMs) ? "-" : span(wallMs - sinceMs);
}

/** @param until RFC 3339. @returns `in 12m 5s`, `now` for the past, `-` for no date. */
export function wait(until: string | undefined, wallMs: number): string {
  const untilMs = Date.parse(until ?? "");
  if (Number.isNaN(untilMs)) return "-";
  return untilMs <= wallMs ? "now" : `in ${span(untilMs - wallMs)}`;
}
