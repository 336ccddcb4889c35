/** When a check is probed, and how many results change its verdict. */
import { z } from "zod";
import { duration, integer } from "./leaf.ts";

/** Ten probes of one target in 100 ms tell no more than one. */
const INTERVAL_MIN_MS = 10;

const HOUR_MS = 3_600_000;

/** Results in a row. */
const STREAK_MAX = 100;

export const CheckTiming = z.strictObject({
  interval: duration(INTERVAL_MIN_MS, HOUR_MS)
    .optional()
    .describe("Between the starts of two attempts. [1s]"),
  "fast-interval": duration(INTERVAL_MIN_MS, HOUR_MS)
    .optional()
    .describe(
      "The same while results contradict the verdict; a longer timeout puts the next attempt off. [the smaller of 500ms and interval]",
    ),
  "slow-interval": duration(INTERVAL_MIN_MS, HOUR_MS)
    .optional()
    .describe("The same while the check is down. [interval]"),
  timeout: duration(1, HOUR_MS)
    .optional()
    .describe(
      "How long one attempt may take; at most interval. [the smaller of 500ms and interval]",
    ),
  rise: integer(1, STREAK_MAX).optional().describe("Passes in a row before a check is up. [3]"),
  fall: integer(1, STREAK_MAX).optional().describe("Failures in a row before a check is down. [3]"),
});
export type CheckTiming = z.infer<typeof CheckTiming>;
