/** One line an hour: silence in the journal then means that the agent is gone, not that all is well. */
import { schedule } from "node-cron";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";

/** At the full hour, so that the lines of many PoPs stand together. */
const HOURLY = "0 * * * *";

export function startHeartbeat(log: Log, loop: Loop): void {
  // node-cron's own logger prints.
  const logger = {
    info: (text: string) => log.debug({ text }, "schedule"),
    warn: (text: string) => log.debug({ text }, "schedule"),
    error: (error: unknown) => log.warn({ err: error }, "schedule failed"),
    debug: (error: unknown) => log.debug({ err: error }, "schedule"),
  };
  const beat = (): void => {
    const { index, services, drains } = loop.state;
    const states = index.plan.services.map(({ name }, at) => `${name}=${services[at]?.state}`);
    log.info({ services: states, drains: drains?.length ?? 0 }, "heartbeat");
  };
  schedule(HOURLY, beat, { logger, suppressMissedWarning: true });
}
