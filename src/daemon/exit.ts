/** One way out: everything that must be on disk, within a time limit, and never a route. */
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Surroundings } from "./surroundings.ts";

/** ExaBGP 5.0 kills its children 2 s after SIGTERM. */
const EXIT_MAX_MS = 1500;

export interface ExitOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly end: Surroundings["end"];
}

/** Runs `last` once, and ends the process when it is done or takes too long. */
export function createExit(
  { log, clock, end }: ExitOptions,
  last: () => Promise<void>,
): (why: string, status: number) => void {
  let exiting = false;
  return (why, status) => {
    if (exiting) return;
    exiting = true;
    log.info({ why }, "agent exits");
    clock.after(EXIT_MAX_MS, () => end(status));
    void last()
      .catch((error: unknown) => log.error({ err: error }, "exit is not clean"))
      .finally(() => end(status));
  };
}
