/** One way out: everything that must be on disk, within a time limit, and never a route. */
import type { Log } from "./log.ts";

/** ExaBGP 5.0 kills its children 2 s after SIGTERM. */
const EXIT_MAX_MS = 1500;

/** Runs `last` once, and ends the process when it is done or takes too long. */
export function createExit(
  log: Log,
  last: () => Promise<void>,
): (why: string, status: number) => void {
  let exiting = false;
  return (why, status) => {
    if (exiting) return;
    exiting = true;
    log.info({ why }, "agent exits");
    setTimeout(() => process.exit(status), EXIT_MAX_MS);
    void last()
      .catch((error: unknown) => log.error({ err: error }, "exit is not clean"))
      .finally(() => process.exit(status));
  };
}
