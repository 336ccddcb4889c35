/**
 * Tells systemd of this agent: that it is ready, how it is, that it is healthy (sd_notify(3)).
 *
 * Node.js has no Unix datagram sockets, so it is told by `systemd-notify`, one process after another. It waits until
 * systemd has read what it said: systemd then still finds out to which unit it belongs. The unit has to have
 * `NotifyAccess=all`, because neither that process nor the agent is the unit's main one.
 */
import type { Clock } from "./clock.ts";
import { ProgramShell } from "./program-shell.ts";

/** Not by PATH: the agent has whatever ExaBGP was started with. */
const PROGRAM = "/usr/bin/systemd-notify";

/** The entry's lines are its arguments; it must not read what the shell is to read. See `ProgramShell`. */
const SCRIPT = `while IFS= read -r line; do
set -- "$line"
while IFS= read -r line && [ -n "$line" ]; do set -- "$@" "$line"; done
"$0" "$@" 2>&1 >/dev/null </dev/null
echo "= $?"
done`;

/** It takes 4 ms. One that hangs must leave time for another before a watchdog of 10 s bites. */
const PROGRAM_MAX_MS = 3000;

/** Until what was not taken is told again. */
const RETRY_MS = 1000;

/** A ping that waited longer for its turn proves nothing any more. */
const PING_AGE_MAX_MS = 1000;

/** systemd shows one line; bus messages and terminals have limits too. */
const STATUS_MAX_CHARS = 400;

export interface Notifier {
  /** The start is over. */
  ready(): void;
  /** @param text One line for people; whatever else is in it is replaced. */
  status(text: string): void;
  /** This agent is healthy now. Not repeated when it cannot be told: the next one is of a later moment. */
  watchdog(): void;
  /** Nothing more is to be told. */
  end(): void;
}

export interface NotifierOptions {
  readonly clock: Clock;
  /** `NOTIFY_SOCKET`. */
  readonly socket: string;
  /** Why systemd cannot be told; undefined when it can. */
  readonly problem: (detail: string | undefined) => void;
  /** Default: `/usr/bin/systemd-notify`. */
  readonly program?: string;
}

export class SystemdNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #shell: ProgramShell;
  #isReady = false;
  #status: string | undefined;
  #pingedAtMs = -Infinity;
  #isBusy = false;
  #isEnded = false;
  #cancelRetry = () => {};

  constructor(options: NotifierOptions) {
    this.#options = options;
    const { clock, socket, program = PROGRAM } = options;
    const env = { NOTIFY_SOCKET: socket };
    this.#shell = new ProgramShell({ clock, script: SCRIPT, program, env, maxMs: PROGRAM_MAX_MS });
  }

  ready(): void {
    this.#isReady = true;
    this.#plan();
  }

  status(text: string): void {
    this.#status = oneLine(text);
    this.#plan();
  }

  watchdog(): void {
    this.#pingedAtMs = this.#options.clock.nowMs();
    this.#plan();
  }

  end(): void {
    this.#isEnded = true;
    this.#cancelRetry();
    this.#shell.end();
  }

  /** What is said in one moment is one message. */
  #plan(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    queueMicrotask(() => void this.#tell());
  }

  async #tell(): Promise<void> {
    const { clock, problem } = this.#options;
    for (let entry = this.#take(); entry !== undefined && !this.#isEnded; entry = this.#take()) {
      const complaint = await this.#shell.write(entry.lines.map((line) => `${line}\n`).join(""));
      if (this.#isEnded) return;
      problem(complaint === undefined ? undefined : `systemd cannot be told: ${complaint}`);
      if (complaint === undefined) continue;
      this.#isReady ||= entry.isReady;
      this.#status ??= entry.status;
      this.#cancelRetry();
      this.#cancelRetry = clock.after(RETRY_MS, () => this.#plan());
      break;
    }
    this.#isBusy = false;
  }

  #take(): { isReady: boolean; status: string | undefined; lines: string[] } | undefined {
    const isReady = this.#isReady;
    const status = this.#status;
    const isPing = this.#options.clock.nowMs() - this.#pingedAtMs <= PING_AGE_MAX_MS;
    this.#isReady = false;
    this.#status = undefined;
    this.#pingedAtMs = -Infinity;
    const lines = [
      ...(isReady ? ["READY=1"] : []),
      ...(status === undefined ? [] : [`STATUS=${status}`]),
      ...(isPing ? ["WATCHDOG=1"] : []),
    ];
    return lines.length === 0 ? undefined : { isReady, status, lines };
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, STATUS_MAX_CHARS);
}
