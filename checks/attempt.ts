/** One run of a probe with a time limit: whatever the probe does, there is a result soon after the limit. */
import { inconclusive, type Probe, type Result } from "./probe.ts";
import type { Timers } from "./timers.ts";

/** A result and when it was found; milliseconds on the clock of `Timers`. */
export interface Attempt {
  readonly result: Result;
  readonly startedMs: number;
  readonly elapsedMs: number;
  /** What the probe threw, or that it did not stop: a bug of ours, to be logged. The reason is `internal` or `stalled`. */
  readonly error?: Error;
}

/** A probe settles within a turn or two of the event loop after the abort; one that does not has a bug. */
const SETTLE_MAX_MS = 50;

/** A timer this late was held up: this process was busy, and has not yet read what came meanwhile. */
const LATE_MS = 20;

/**
 * Runs `probe` once. After `timeoutMs` its signal aborts; it then settles by itself, because it knows
 * whether it was still asking for a name or already waiting for the service. If it does not, the result
 * is `internal`: nobody can tell. Never rejects.
 *
 * A result that comes later than twice `timeoutMs` after the start says more about this process than
 * about the service (its event loop stood still for longer than the check may take): it is `stalled`.
 */
export function attempt(probe: Probe, timeoutMs: number, timers: Timers): Promise<Attempt> {
  const startedMs = timers.nowMs();
  const abort = new AbortController();
  return new Promise((resolve) => {
    let settled = false;
    let cancelTimer = timers.after(timeoutMs, expire);
    run(probe, abort.signal).then(settle, (error: unknown) => {
      settle(inconclusive("internal", nameOf(error)), asError(error));
    });

    function expire(): void {
      const lateMs = timers.nowMs() - startedMs - timeoutMs;
      // One turn of the loop, so that an answer which is already here counts.
      if (lateMs > LATE_MS) cancelTimer = timers.after(0, callTime);
      else callTime();
    }

    function callTime(): void {
      cancelTimer = timers.after(Math.min(SETTLE_MAX_MS, timeoutMs / 2), giveUp);
      abort.abort();
    }

    function giveUp(): void {
      const detail = "the probe did not stop when time was over";
      settle(inconclusive("internal", detail), new Error(detail));
    }

    function settle(result: Result, error?: Error): void {
      if (settled) return;
      settled = true;
      cancelTimer();
      // Whoever lost the race must not keep a socket.
      abort.abort();
      const elapsedMs = timers.nowMs() - startedMs;
      const stalled = elapsedMs > 2 * timeoutMs;
      resolve({
        result: stalled ? inconclusive("stalled", stallDetail(result, elapsedMs)) : result,
        startedMs,
        elapsedMs,
        ...(error && { error }),
      });
    }
  });
}

/** A probe that throws at once is treated like one that rejects. */
async function run(probe: Probe, signal: AbortSignal): Promise<Result> {
  return await probe(signal);
}

function stallDetail(result: Result, elapsedMs: number): string {
  return `${result.reason} after ${Math.round(elapsedMs)} ms: ${result.detail}`;
}

/** The message of an unknown error may hold anything, a header's value too: it goes to the log, not here. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "the probe threw something that is no error";
  return "code" in error ? `${error.name} ${String(error.code)}` : error.name;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
