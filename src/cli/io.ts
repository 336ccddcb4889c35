/** Everything that commands touch of the world besides files and the agent's socket. */
import { systemTimers, type Timers } from "../../checks/timers.ts";
import type { Dialogue } from "./dialogue.ts";

export interface CommandIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of a folder that still exists; else it throws. */
  cwd(): string;
  /** Whether stdout may be colored. */
  readonly color: boolean;
  /** Of the terminal that stdout is, as it is now; undefined when it is none. */
  readonly columns?: number | undefined;
  /** Nobody reads stdout any more; a command that goes on for ever ends then. */
  readonly gone?: AbortSignal | undefined;
  /** As `columns`. */
  readonly rows?: number | undefined;
  /** Aborts when the command is to end: at Ctrl-C, or when nobody reads its stdout any more. */
  interruption?(): AbortSignal;
  /** With whoever sits there; undefined where stdin or stderr is no terminal. */
  dialogue?(): Promise<Dialogue | undefined>;
  /** Of whoever runs the command. */
  readonly uid: number;
  readonly timers: Timers;
  /** Milliseconds since 1970. */
  wallMs(): number;
}

export function systemIo(): CommandIo {
  const { env, stdout, stderr } = process;
  const gone = new AbortController();
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // `anyctl status | head -1`: nobody reads on, and nobody wants to hear about it.
      if (error.code !== "EPIPE") throw error;
      if (stream === stdout) gone.abort();
    });
  }
  return {
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
    env,
    cwd: () => process.cwd(),
    color: mayColor(stdout.isTTY, env),
    get columns() {
      return stdout.isTTY ? stdout.columns : undefined;
    },
    gone: gone.signal,
    get rows() {
      return stdout.isTTY ? stdout.rows : undefined;
    },
    interruption() {
      const controller = new AbortController();
      const end = (): void => controller.abort();
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, end);
      return AbortSignal.any([controller.signal, gone.signal]);
    },
    async dialogue() {
      const { stdin } = process;
      if (!stdin.isTTY || !stderr.isTTY) return undefined;
      const { openDialogue } = await import("./dialogue.ts");
      return openDialogue(stdin, stderr);
    },
    uid: process.getuid?.() ?? 0,
    timers: systemTimers,
    wallMs: () => Date.now(),
  };
}

/** https://no-color.org: any value but the empty one asks for none. */
export function mayColor(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}
