/**
 * Runs a program once per entry, from a small shell that stays: starting a process out of this big one blocks the
 * event loop for 2 to 20 ms each time, and much may be to be told in one second.
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Clock } from "./clock.ts";

/** Of what it says about a failure. */
const COMPLAINT_MAX_CHARS = 200;

export interface ProgramShellOptions {
  readonly clock: Clock;
  /**
   * Runs `"$0"` for each entry, which is lines up to an empty one, and then prints `= ` and its exit status, after
   * what it said about a failure. An entry is data: never a part of the script. It ends with its stdin, that is, with
   * the agent.
   */
  readonly script: string;
  /** Its path. */
  readonly program: string;
  /** All of its environment. [empty] */
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take for one entry. */
  readonly maxMs: number;
}

type Shell = ChildProcessByStdio<Writable, Readable, null>;

export class ProgramShell {
  readonly #options: ProgramShellOptions;
  #shell: Shell | undefined;

  constructor(options: ProgramShellOptions) {
    this.#options = options;
  }

  /**
   * The next one may begin when this one is done.
   *
   * @param entry Lines, each ended by a newline, none of them empty.
   * @returns Why the entry was not taken. Never rejects.
   */
  write(entry: string): Promise<string | undefined> {
    const { clock, program, maxMs } = this.#options;
    const shell = (this.#shell ??= this.#start());
    return new Promise((resolve) => {
      let said = "";
      const end = (complaint: string | undefined): void => {
        cancel();
        shell.stdout.off("data", read);
        shell.off("error", failed).off("close", closed);
        resolve(complaint);
      };
      const read = (text: string): void => {
        said = `${said}${text}`.slice(-2 * COMPLAINT_MAX_CHARS);
        const [, complaint = "", status] = /^(.*?)\s*(?:^|\n)= (\d+)\n$/s.exec(said) ?? [];
        if (status === undefined) return;
        end(status === "0" ? undefined : complaint || `${program} ended with ${status}`);
      };
      const failed = (error: Error): void => end(error.message);
      const closed = (): void => end(`the shell that runs ${program} has ended`);
      const cancel = clock.after(maxMs, () => {
        this.#kill(shell);
        end(`${program} took longer than ${maxMs} ms`);
      });
      shell.stdout.on("data", read);
      shell.on("error", failed).on("close", closed);
      shell.stdin.write(`${entry}\n`);
    });
  }

  /** Nothing more is to be written for now. */
  end(): void {
    this.#shell?.stdin.end();
    this.#shell = undefined;
  }

  #start(): Shell {
    // No descriptor of ours: what it printed on fd 1 would be a command. Nor our environment, folder, or group, so
    // that a program that hangs can be ended with it.
    const { script, program, env = {} } = this.#options;
    const shell = spawn("/bin/sh", ["-c", script, program], {
      cwd: "/",
      env,
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const gone = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.on("error", gone).on("close", gone);
    shell.stdin.on("error", () => {});
    shell.stdout.setEncoding("utf8");
    return shell;
  }

  #kill(shell: Shell): void {
    this.#shell = undefined;
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}
