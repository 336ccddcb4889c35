/** Waiting for something to become true: always with a deadline, never for a fixed time. */
import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** After this many milliseconds it did not happen; default 10,000. */
  readonly deadlineMs?: number;
  /** Milliseconds between two looks; default 20. */
  readonly everyMs?: number;
  /** Appended to the error, such as where the log is. */
  readonly hint?: string;
}

/** What was waited for did not happen in time. */
export class LabTimeoutError extends Error {
  readonly code = "ERR_LAB_TIMEOUT";

  constructor(what: string, deadlineMs: number, hint?: string) {
    super(
      `Timed out after ${deadlineMs} ms waiting for ${what}${hint === undefined ? "" : ` (${hint})`}`,
    );
    this.name = "LabTimeoutError";
  }
}

/**
 * Looks again and again until `look` finds something.
 *
 * @param what Completes "waiting for …" in the error.
 * @param look Returns undefined while there is nothing yet.
 * @throws {LabTimeoutError} After the deadline; what `look` throws passes through at once.
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  { deadlineMs = 10_000, everyMs = 20, hint }: WaitOptions = {},
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= endMs) throw new LabTimeoutError(what, deadlineMs, hint);
    await delay(everyMs);
  }
}

/** Milliseconds since 1970 with fractions: comparable between the processes of one machine. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now();
}
