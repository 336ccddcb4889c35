/** `services.NAME.hold`: the flap budget. */
import { z } from "zod";
import { duration, integer } from "./leaf.ts";

const DAY_MS = 24 * 3_600_000;

/** Nobody upstream waits for so many; and all of them are kept in memory and on disk. */
const FLAPS_MAX = 100;

/** Below a second it is no hold: the checks take longer. */
const TIME_MIN_MS = 1000;

export const Hold = z.union(
  [
    z.literal(["none", "damping-safe"]),
    z.strictObject({
      flaps: integer(1, FLAPS_MAX).describe(
        "At how many withdrawals within `within` the service is held; 1: after each. [required]",
      ),
      within: duration(TIME_MIN_MS, DAY_MS).describe(
        "How long a withdrawal counts; from 1s to 24h. [required]",
      ),
      for: duration(TIME_MIN_MS, DAY_MS).describe(
        "How long it is held, from the withdrawal on; from 1s to 24h. [required]",
      ),
    }),
  ],
  "must be none, damping-safe, or { flaps: NUMBER, within: DURATION, for: DURATION }",
);
export type Hold = z.infer<typeof Hold>;
