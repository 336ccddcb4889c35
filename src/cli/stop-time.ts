/** Tells systemd how long a drain takes that it runs before it stops a unit, so that it is not ended before its stage. */
import { execFile } from "node:child_process";
import type { CommandIo } from "./io.ts";

const PROGRAM = "systemd-notify";

/** A hung systemd must not hang the drain. */
const ANSWER_MAX_MS = 2000;

/** What the end of a stage is seen late, and writing the report takes; also what is not worth another message. */
const SLACK_MS = 5000;

const PATH = "/usr/bin:/bin";

/** Does nothing where systemd does not listen (sd_notify(3): `NOTIFY_SOCKET` is set). */
export class StopTime {
  readonly #io: CommandIo;
  #toldUntilMs = 0;

  constructor(io: CommandIo) {
    this.#io = io;
  }

  /** systemd waits at least `ms` from now on, whatever `TimeoutStopSec=` says. Without systemd-notify it does not. */
  need(ms: number): void {
    const { env, timers } = this.#io;
    const { NOTIFY_SOCKET: socket } = env;
    if (socket === undefined) return;
    const untilMs = timers.nowMs() + ms;
    if (untilMs <= this.#toldUntilMs) return;
    this.#toldUntilMs = untilMs + SLACK_MS;
    // systemd.service(5), TimeoutStopSec=: in microseconds, and it holds until the next message.
    const word = `EXTEND_TIMEOUT_USEC=${Math.ceil(ms + 2 * SLACK_MS) * 1000}`;
    const own = { PATH: env["PATH"] ?? PATH, NOTIFY_SOCKET: socket };
    execFile(PROGRAM, [word], { env: own, timeout: ANSWER_MAX_MS, killSignal: "SIGKILL" }, () => {
      // If nobody has heard it, the drain goes on; systemd ends it at its own time.
    });
  }
}
