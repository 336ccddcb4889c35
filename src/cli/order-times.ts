/** The times of an order on the command line: how long it stands, how long it is staged, how long to wait. */
import {
  DURATION_MAX_MS,
  DurationError,
  formatDuration,
  parseDuration,
} from "../config/duration.ts";
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import { readTime, TIMES_ALLOWED, writeTime } from "./local-time.ts";

export interface TimeArguments {
  readonly for?: string | undefined;
  readonly until?: string | undefined;
  readonly graceful?: string | undefined;
}

/** Below a second an order may be over before the agent has read it. */
const SHORTEST_MS = 1000;

/** More of a wrong argument is not shown. */
const SHOWN_MAX = 80;

/**
 * When the order is to end by itself, milliseconds since 1970; undefined: never.
 *
 * @throws {CommandError} `usage`
 */
export function endOf(args: TimeArguments, io: CommandIo): number | undefined {
  if (args.for !== undefined && args.until !== undefined) {
    throw new CommandError("usage", "Cannot use both --for and --until");
  }
  if (args.for !== undefined) return io.wallMs() + durationOf("for", args.for, SHORTEST_MS);
  if (args.until === undefined) return undefined;
  const nowMs = io.wallMs();
  const endMs = readTime(args.until, nowMs);
  const refuse = (why: string) => {
    const shown = quote(args.until ?? "");
    return new CommandError("usage", `Cannot use --until ${shown}: ${why}`);
  };
  if (endMs === "nonsense") throw refuse(`must be ${TIMES_ALLOWED}`);
  if (endMs === "skipped") throw refuse("the clock skips this time that day; add an hour");
  if (endMs === "twice") {
    throw refuse("the clock shows this time twice that day; add the offset, as +01:00");
  }
  if (endMs - nowMs < SHORTEST_MS) throw refuse(`must be after now, ${writeTime(nowMs)}`);
  if (endMs - nowMs > DURATION_MAX_MS) {
    throw refuse(`must be at most 7 days ahead, ${writeTime(nowMs + DURATION_MAX_MS)}`);
  }
  return endMs;
}

/**
 * How long the service is announced as `draining`; undefined: as it says itself.
 *
 * @throws {CommandError} `usage`, also if the order would end first.
 */
export function gracefulOf(
  args: TimeArguments,
  endMs: number | undefined,
  io: CommandIo,
): number | undefined {
  if (args.graceful === undefined) return undefined;
  const gracefulMs = durationOf("graceful", args.graceful, 0);
  if (endMs !== undefined && io.wallMs() + gracefulMs >= endMs) {
    const until = args.for === undefined ? "--until" : "--for";
    const why = `the drain would end by ${until} before the prefixes are withdrawn`;
    throw new CommandError("usage", `Cannot use --graceful ${formatDuration(gracefulMs)}: ${why}`);
  }
  return gracefulMs;
}

/**
 * How long to wait; undefined: `--timeout` was not given.
 *
 * @throws {CommandError} `usage`
 */
export function timeoutOf(args: {
  readonly wait?: boolean | undefined;
  readonly timeout?: string | undefined;
}): number | undefined {
  if (args.timeout === undefined) return undefined;
  if (args.wait !== true) {
    throw new CommandError("usage", "Cannot use --timeout without --wait");
  }
  return durationOf("timeout", args.timeout, SHORTEST_MS);
}

function durationOf(option: string, text: string, minMs: number): number {
  try {
    return parseDuration(text, minMs);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    const message = `Cannot use --${option} ${quote(text)}: must be ${error.allowed}`;
    throw new CommandError("usage", message, error);
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text);
}
