/** How long ago, in the two units that matter. */
import { span } from "../core/span.ts";

/** @param since RFC 3339. @returns `3d 4h`, `12m 5s`, `0s` for the future (clocks step), `-` for no date. */
export function age(since: string | undefined, wallMs: number): string {
  const sinceMs = Date.parse(since ?? "");
  return Number.isNaN(sinceMs) ? "-" : span(wallMs - sinceMs);
}
