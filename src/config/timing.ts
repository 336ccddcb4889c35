/** The timing of a check: its own keys, else `defaults`, else what is derived from its interval. */
import { formatDuration, parseDuration } from "./duration.ts";
import type { Draft } from "./issues.ts";
import type { Timing } from "./plan.ts";
import type { CheckTiming } from "./schema-timing.ts";

/** Every key is there and has a value; zod's optional keys may also be `undefined`. */
export type Filled<T> = { readonly [Key in keyof T]-?: NonNullable<T[Key]> };

/** Everything that `CheckTiming` can say. */
export interface ResolvedTiming {
  readonly timing: Timing;
  readonly rise: number;
  readonly fall: number;
}

const INTERVAL_DEFAULT_MS = 1000;

/** Of `fast-interval` and `timeout`, where the interval is not shorter. */
const SHORT_DEFAULT_MS = 500;

const RISE_DEFAULT = 3;
const FALL_DEFAULT = 3;

/** @param check Wins over `defaults`, key by key; a derived default follows the interval that is in force. */
export function resolveTiming(
  defaults: Draft<CheckTiming>,
  check: Draft<CheckTiming>,
): ResolvedTiming {
  const given = (key: keyof CheckTiming & `${string}${"interval" | "timeout"}`) => {
    const text = check[key] ?? defaults[key];
    return text === undefined ? undefined : parseDuration(text);
  };
  const intervalMs = given("interval") ?? INTERVAL_DEFAULT_MS;
  const shortMs = Math.min(SHORT_DEFAULT_MS, intervalMs);
  return {
    timing: {
      intervalMs,
      fastIntervalMs: given("fast-interval") ?? shortMs,
      slowIntervalMs: given("slow-interval") ?? intervalMs,
      timeoutMs: given("timeout") ?? shortMs,
    },
    rise: check.rise ?? defaults.rise ?? RISE_DEFAULT,
    fall: check.fall ?? defaults.fall ?? FALL_DEFAULT,
  };
}

/** The same in the words of the configuration. */
export function writeTiming({ timing, rise, fall }: ResolvedTiming): Filled<CheckTiming> {
  return {
    interval: formatDuration(timing.intervalMs),
    "fast-interval": formatDuration(timing.fastIntervalMs),
    "slow-interval": formatDuration(timing.slowIntervalMs),
    timeout: formatDuration(timing.timeoutMs),
    rise,
    fall,
  };
}
