/** Runs one program in a process group of its own, and leaves nothing of it behind. */
import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { Places } from "./places.ts";
import type { Timers } from "./timers.ts";

export interface Program {
  /** An absolute path, then the arguments. */
  readonly command: readonly string[];
  /** All that the program finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** How it ended, and the first `OUTPUT_MAX_BYTES` of what it said. */
export interface Run {
  readonly end:
    | { readonly how: "exited"; readonly status: number }
    | { readonly how: "killed"; readonly by: string }
    | { readonly how: "aborted" }
    | { readonly how: "not-started"; readonly error: unknown };
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Enough for a message; what follows is read and thrown away, so that the program does not wait for a reader. */
export const OUTPUT_MAX_BYTES = 4096;

/** After so much, reading pauses: a program that talks without end would keep the event loop busy. */
const PAUSE_AFTER_BYTES = 64 * 1024;
const PAUSE_MS = 4;

/** What the program said last may be read a little after it is gone; who holds its pipe longer has left its group. */
const LAST_WORDS_MS = 50;

/** Each costs memory and CPU of the host that serves. */
export const PROGRAMS_MAX = 16;

/** Of them may have been too slow last time: those that hang leave places to those that do not. */
const SLOW_PROGRAMS_MAX = 8;

export function createPrograms(): Places {
  return new Places({ max: PROGRAMS_MAX, slowMax: SLOW_PROGRAMS_MAX });
}

/** Leaders of the process groups that run now. */
const groups = new Set<number>();
let isWatching = false;

/**
 * Stdin is /dev/null; stdout and stderr are sockets of their own (`echo >/dev/stderr` fails on them, `>&2` does not).
 * When `signal` aborts, or the program has ended, everything in its process group is killed. Never rejects.
 *
 * @param gone Called once, when the program has ended and is no zombie; also if it could not be started.
 */
export function run(
  program: Program,
  signal: AbortSignal,
  timers: Timers,
  gone: () => void,
): Promise<Run> {
  const child = start(program);
  if (!(child instanceof Error)) return follow(child, signal, timers, gone);
  gone();
  const empty = Buffer.alloc(0);
  return Promise.resolve({
    end: { how: "not-started", error: child },
    stdout: empty,
    stderr: empty,
  });
}

function start({ command: [path = "", ...args], env, cwd }: Program): ChildProcess | Error {
  try {
    // Detached: a session and a process group of its own (setsid(2)).
    return spawn(path, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    // What Node.js does not foresee is thrown: ENOMEM, E2BIG, EPERM.
    return error instanceof Error ? error : new Error(String(error));
  }
}

function follow(
  child: ChildProcess,
  signal: AbortSignal,
  timers: Timers,
  gone: () => void,
): Promise<Run> {
  const { pid } = child;
  if (pid !== undefined) watchOver(pid);
  // There are none when the descriptors for them were missing.
  const streams: readonly (Readable | null | undefined)[] = [child.stdout, child.stderr];
  const [stdout, stderr] = streams.map((stream) => capture(stream, timers));
  return new Promise((resolve) => {
    let isSettled = false;
    let ended: Run["end"] | undefined;
    let cancel = (): void => {};
    const settle = (end: Run["end"]): void => {
      cancel();
      if (isSettled) return;
      isSettled = true;
      signal.removeEventListener("abort", abort);
      resolve({
        end,
        stdout: stdout?.() ?? Buffer.alloc(0),
        stderr: stderr?.() ?? Buffer.alloc(0),
      });
      for (const stream of streams) stream?.destroy();
    };
    const abort = (): void => {
      // Its status is known; time was over while who has left its group kept its pipes open.
      if (ended !== undefined) {
        settle(ended);
        return;
      }
      if (pid !== undefined) killGroup(pid);
      settle({ how: "aborted" });
    };
    child.once("error", (error) => {
      gone();
      settle({ how: "not-started", error });
    });
    child.once("exit", (status, by) => {
      if (pid !== undefined) {
        // Whom it left behind; the kernel keeps the number from others as long as the group has a member.
        killGroup(pid);
        groups.delete(pid);
      }
      const end: Run["end"] =
        by === null ? { how: "exited", status: status ?? -1 } : { how: "killed", by };
      ended = end;
      gone();
      if (isSettled) return;
      child.once("close", () => settle(end));
      cancel = timers.after(LAST_WORDS_MS, () => settle(end));
    });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}

/** @returns What was said so far. */
function capture(stream: Readable | null | undefined, timers: Timers): () => Buffer {
  const kept: Buffer[] = [];
  let bytes = 0;
  let unpaused = 0;
  stream?.on("data", (chunk: Buffer) => {
    // A copy: a part would keep the whole chunk.
    if (bytes < OUTPUT_MAX_BYTES)
      kept.push(Buffer.from(chunk.subarray(0, OUTPUT_MAX_BYTES - bytes)));
    bytes += chunk.length;
    unpaused += chunk.length;
    if (unpaused < PAUSE_AFTER_BYTES) return;
    unpaused = 0;
    stream.pause();
    timers.after(PAUSE_MS, () => stream.resume());
  });
  // The end of a stream is all that it can tell.
  stream?.on("error", () => {});
  return () => Buffer.concat(kept);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: nobody is left. EPERM: all that are left have another user, and nothing can be done.
  }
}

/** From now on the group ends with this process, however that ends, except by SIGKILL. */
function watchOver(pid: number): void {
  if (!isWatching) process.on("exit", killAll);
  isWatching = true;
  groups.add(pid);
}

function killAll(): void {
  for (const pid of groups) killGroup(pid);
}
