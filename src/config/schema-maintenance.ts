/** `maintenance`: when services leave the anycast set by the clock. */
import { z } from "zod";
import { CRON_ALLOWED, cronMistake } from "./cron.ts";
import { DURATION_MAX_MS } from "./duration.ts";
import { duration, list, text } from "./leaf.ts";
import { REASON_BYTES_MAX, SERVICES_MAX } from "./limits.ts";

/** A start that the clock was set over is found within a second; a shorter window could be over by then. */
const WINDOW_MIN_MS = 10_000;

/** Offsets such as +01:00 are no zones: they know of no daylight saving time. */
const ZONE_PATTERN = /^[A-Za-z][\w+/-]{0,63}$/;

const Cron = z.string(`must be ${CRON_ALLOWED}`).superRefine((value, context) => {
  const allowed = cronMistake(value);
  if (allowed !== undefined) context.addIssue({ code: "custom", message: `must be ${allowed}` });
});

export const Window = z.strictObject({
  services: list(z.string("must be the name of a service, or _all"), SERVICES_MAX).describe(
    "Names of the services to drain, or `[_all]` for all of this PoP. [required]",
  ),
  cron: Cron.describe(
    "When it starts, in local time of `timezone`: minute, hour, day of month, month, day of week, as node-cron reads them. [required]",
  ),
  for: duration(WINDOW_MIN_MS, DURATION_MAX_MS).describe(
    "How long it lasts; shorter than the time to its next start. [required]",
  ),
  timezone: text("a time zone such as UTC or Europe/Berlin", isZone)
    .optional()
    .describe("IANA time zone of `cron`. [UTC]"),
  reason: text(
    `text of 1 to ${REASON_BYTES_MAX} bytes`,
    (value) => value.trim() !== "" && Buffer.byteLength(value) <= REASON_BYTES_MAX,
  ).describe("Why, for status and audit records. [required]"),
});
export type Window = z.infer<typeof Window>;

/** To ask takes up to 0.3 ms, and windows are often of one zone. */
const knownZones = new Set<string>();

/** @returns Whether this Node.js knows the zone. */
function isZone(name: string): boolean {
  if (knownZones.has(name)) return true;
  if (!ZONE_PATTERN.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    knownZones.add(name);
    return timeZone !== "";
  } catch {
    return false;
  }
}
