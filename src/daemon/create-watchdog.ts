/** The watchdog of an agent that systemd started ExaBGP for. */
import type { Bridge } from "exabgp-ts-bridge";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { NotifyPlace } from "./notify-place.ts";
import { SystemdNotifier } from "./notify.ts";
import type { Problems } from "./problems.ts";
import type { Scheduler } from "./scheduler.ts";
import { statusLine } from "./status-line.ts";
import type { StatusSources } from "./status.ts";
import { Watchdog } from "./watchdog.ts";

/** Of it a question, its answers, and a start of `systemd-notify` must have time to come late: twice 2 s, and 3 s. */
const WATCHDOG_ADVISED_MS = 7000;

export interface CreateWatchdogOptions {
  /** undefined: systemd does not listen. */
  readonly place: NotifyPlace | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly problems: Problems;
  readonly bridge: Pick<Bridge, "ping" | "status">;
  readonly scheduler: Pick<Scheduler, "isWaiting">;
  readonly sources: () => StatusSources;
}

/** @returns undefined when there is nobody to be told. */
export function createWatchdog(options: CreateWatchdogOptions): Watchdog | undefined {
  const { place, clock, log, problems, bridge, scheduler, sources } = options;
  if (place === undefined) return undefined;
  const { socket, watchdogMs, mistake } = place;
  if (mistake !== undefined) log.warn({ mistake }, "systemd's watchdog cannot be understood");
  if (watchdogMs !== undefined && watchdogMs < WATCHDOG_ADVISED_MS)
    log.warn({ watchdogMs, advisedMs: WATCHDOG_ADVISED_MS }, "systemd's watchdog is hasty");
  const notifier = new SystemdNotifier({
    clock,
    socket,
    problem: (detail) => problems.state("systemd-notify", detail),
  });
  const problem = (detail: string | undefined): void => problems.state("watchdog", detail);
  const isWaiting = (check: string): boolean => scheduler.isWaiting(check);
  const how = (): string => statusLine(sources());
  return new Watchdog({ clock, notifier, watchdogMs, bridge, isWaiting, how, problem });
}
