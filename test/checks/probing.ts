/** Runs one check as the agent does. */
import { setImmediate as turn } from "node:timers/promises";
import { attempt, type Attempt } from "../../checks/attempt.ts";
import { createProbeContext, type ProbeContext } from "../../checks/context.ts";
import { CheckSchema, createProbe } from "../../checks/registry.ts";
import type { ResolverOptions } from "../../checks/resolve.ts";
import { systemTimers, type Timers } from "../../checks/timers.ts";

/** Longer than any answer here takes, so that a timeout is a failed test and not a slow machine. */
export const PATIENCE_MS = 10_000;

/** A connection that is never closed fails its suite, instead of stopping everything. */
export const HANG_MS = 60_000;

export interface ProbingOptions extends ResolverOptions {
  readonly timers?: Timers;
  readonly timeoutMs?: number;
  /** Default: a new one. */
  readonly context?: ProbeContext;
}

export function runCheck(keys: object, options: ProbingOptions = {}): Promise<Attempt> {
  const { timers = systemTimers, timeoutMs = PATIENCE_MS } = options;
  const { context = createProbeContext(options) } = options;
  const probe = createProbe(CheckSchema.parse(keys), context);
  return attempt(probe, timeoutMs, timers);
}

/** Lets the event loop turn until `isSo` holds: for what shows no event, such as a timer that a probe sets. */
export async function until(isSo: () => boolean): Promise<void> {
  const startedMs = systemTimers.nowMs();
  while (!isSo()) {
    if (systemTimers.nowMs() - startedMs > PATIENCE_MS)
      throw new Error(`never so: ${String(isSo)}`);
    await turn();
  }
}
