/**
 * What bin/anyctl does before it loads the agent: it counts the start, and idles itself when no life of the agent came so
 * far that it could. Imports next to nothing, so that there is little in it that could be broken.
 */
import { spawn } from "node:child_process";
import { readText } from "../config/files.ts";
import { isSocketPath, SOCKET_DEFAULT } from "../config/paths.ts";
import { pathLines } from "../config/path-lines.ts";
import { parseArguments } from "./arguments.ts";
import { countStart, type CountedStart, hostMs } from "./crash-loop.ts";
import { CRASH_LOOP_IDLE_MS } from "./start-verdict.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** systemd ends an ExaBGP that is silent for WatchdogSec=, 10 s. */
const PING_MS = 3000;

/** Not by PATH, which is whatever ExaBGP was started with. */
const SYSTEMD_NOTIFY = "/usr/bin/systemd-notify";

/**
 * Counts this start.
 *
 * @param argv What follows `agent` on the command line.
 * @returns Whether it has to idle before anything else is loaded.
 */
export function countEarly(argv: readonly string[], env: Environment): boolean {
  return counted(argv, env).isBlind;
}

/**
 * Idles as long as this start has to, and as an agent that cannot start: it reads, because an unread pipe freezes ExaBGP,
 * and tells systemd's watchdog so for a while.
 *
 * @param over Called once, when it has idled or ExaBGP is gone.
 */
export function idleEarly(
  argv: readonly string[],
  env: Environment,
  over: (isGone: boolean) => void,
): void {
  const { idlesUntilMs, idleMs, pingsUntilMs } = counted(argv, env);
  const ms = Math.max(CRASH_LOOP_IDLE_MS, idleMs === 0 ? 0 : idlesUntilMs - hostMs());
  const ping = (): void => {
    if (hostMs() < pingsUntilMs) tellWatchdog(env);
  };
  ping();
  const pinging = setInterval(ping, PING_MS);
  const end = (isGone: boolean): void => {
    clearInterval(pinging);
    clearTimeout(waiting);
    process.stdin.off("end", gone).off("close", gone).off("error", gone);
    over(isGone);
  };
  const gone = (): void => end(true);
  const waiting = setTimeout(() => end(false), ms);
  process.stdin.on("end", gone).on("close", gone).on("error", gone).resume();
}

function counted(argv: readonly string[], env: Environment): CountedStart {
  return countStart(earlySocketPath(argv, env), false);
}

/** Where the control socket is, as far as a line of the file says so, whatever else is wrong. Never throws. */
export function earlySocketPath(argv: readonly string[], env: Environment): string {
  try {
    const file = readText(parseArguments(argv.filter(isOfConfig), env).configPath);
    const path = "text" in file ? pathLines(file.text).get("socket") : undefined;
    return isSocketPath(path) ? path : SOCKET_DEFAULT;
  } catch {
    return SOCKET_DEFAULT;
  }
}

/** `--config FILE` and `--config=FILE`: whatever else is there may be wrong. */
function isOfConfig(argument: string, at: number, argv: readonly string[]): boolean {
  return /^--config(?:=|$)/.test(argument) || argv[at - 1] === "--config";
}

/**
 * @param program Default: `/usr/bin/systemd-notify`.
 * @param maxMs One that hangs is killed after this: else each ping would leave one behind.
 */
export function tellWatchdog(
  { NOTIFY_SOCKET: socket }: Environment,
  program = SYSTEMD_NOTIFY,
  maxMs = PING_MS,
): void {
  if (socket === undefined) return;
  // None of our pipes: what it prints would be commands. Nor the rest of our environment.
  spawn(program, ["WATCHDOG=1", "STATUS=crash-loop: the agent idles before it is loaded"], {
    cwd: "/",
    env: { NOTIFY_SOCKET: socket },
    stdio: "ignore",
    timeout: maxMs,
    killSignal: "SIGKILL",
  }).on("error", () => undefined);
}
