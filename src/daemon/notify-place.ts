/** What systemd wants of a service: where it listens, and how often it is to be pinged. */

export interface NotifyPlace {
  /** `NOTIFY_SOCKET`: a path, or `@` and an abstract name. */
  readonly socket: string;
  /** Without a ping for this long systemd ends the service, milliseconds; undefined: it has no watchdog. */
  readonly watchdogMs: number | undefined;
  /** What of it could not be understood. */
  readonly mistake: string | undefined;
}

/** Longest name of a Unix socket (unix(7)). */
const SOCKET_MAX_BYTES = 108;

/**
 * Takes it out of the environment: whatever the agent runs must not speak for it. `WATCHDOG_PID` names ExaBGP, the
 * main process of the unit, which leaves the pings to the agent.
 *
 * @returns undefined when systemd does not listen.
 */
export function takeNotifyPlace(env: NodeJS.ProcessEnv): NotifyPlace | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUs } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (socket === undefined || !/^[/@]./.test(socket)) return undefined;
  if (Buffer.byteLength(socket) > SOCKET_MAX_BYTES) return undefined;
  if (watchdogUs === undefined) return { socket, watchdogMs: undefined, mistake: undefined };
  const isNumber = /^[1-9][0-9]{0,14}$/.test(watchdogUs);
  return {
    socket,
    watchdogMs: isNumber ? Number(watchdogUs) / 1000 : undefined,
    mistake: isNumber
      ? undefined
      : `WATCHDOG_USEC must be a number of microseconds: value seen is ${JSON.stringify(watchdogUs.slice(0, 40))}`,
  };
}
