/** One run of a probe with a time limit: whatever the probe does, there is a result soon after the limit. */
import { countDown } from "./countdown.ts";
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

/** One for all: a new error, with its stack, would be made at the end of each attempt. */
const TIME_IS_OVER = new Error("time is over");

/**
 * Runs `probe` once. After `timeoutMs`, in which the event loop must have run, its signal aborts; it then
 * settles by itself, because it knows whether it was still asking for a name or already waiting for the
 * service. If it does not, the result is `internal`: nobody can tell. Never rejects.
 *
 * What this process missed while its event loop stood still is not the service's fault: such a result is
 * `stalled`, see `isStalled`.
 */
export function attempt(probe: Probe, timeoutMs: number, timers: Timers): Promise<Attempt> {
  const startedMs = timers.nowMs();
  const abort = new AbortController();
  return new Promise((resolve) => {
    let settled = false;
    let stalledAtEndMs: number | undefined;
    let countdown = countDown(timeoutMs, timers, callTime);
    run(probe, abort.signal).then(settle, (error: unknown) => {
      settle(inconclusive("internal", nameOf(error)), asError(error));
    });

    function callTime(): void {
      stalledAtEndMs = countdown.stalledMs();
      countdown = countDown(Math.min(SETTLE_MAX_MS, timeoutMs / 2), timers, giveUp);
      abort.abort(TIME_IS_OVER);
    }

    function giveUp(): void {
      const detail = "the probe did not stop when time was over";
      settle(inconclusive("internal", detail), new Error(detail));
    }

    function settle(result: Result, error?: Error): void {
      if (settled) return;
      settled = true;
      const elapsedMs = timers.nowMs() - startedMs;
      const stalledMs = stalledAtEndMs ?? countdown.stalledMs();
      const time = { timeoutMs, elapsedMs, stalledMs, wasCalled: stalledAtEndMs !== undefined };
      countdown.cancel();
      // Whoever lost the race must not keep a socket.
      abort.abort(TIME_IS_OVER);
      resolve({
        result: isStalled(result, time)
          ? inconclusive("stalled", stallDetail(result, elapsedMs))
          : result,
        startedMs,
        elapsedMs,
        ...(error && { error }),
      });
    }
  });
}

interface AttemptTime {
  readonly timeoutMs: number;
  readonly elapsedMs: number;
  /** How long the event loop stood still, until time was called. */
  readonly stalledMs: number;
  /** Whether time was called before the result came. */
  readonly wasCalled: boolean;
}

/**
 * Whether a result says more about this process than about the service:
 * - Any that comes later than twice the timeout.
 * - A failure when the loop stood still for longer than the timeout. A pass is one whenever it was read.
 * - A timeout that the probe found by a clock of its own, which went on while the loop stood still.
 */
function isStalled({ outcome, reason }: Result, time: AttemptTime): boolean {
  const { timeoutMs, elapsedMs, stalledMs, wasCalled } = time;
  if (elapsedMs > 2 * timeoutMs) return true;
  if (outcome !== "fail") return false;
  return stalledMs > timeoutMs || (reason === "timeout" && !wasCalled && stalledMs > 0);
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
