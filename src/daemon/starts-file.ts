/** The starts of the agent as a file beside the socket: in /run, so gone after a reboot. Nothing in it is trusted. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { Stage, Start } from "./start-verdict.ts";
import { codeOf, isObject } from "./untrusted.ts";

/** Older ones say nothing about a minute. Those of several ExaBGPs are in it where two were given one socket. */
const KEPT_MAX = 24;

/** Twice what so many starts take. */
const FILE_BYTES_MAX = 16 * 1024;

const STAGES: ReadonlySet<unknown> = new Set<Stage>(["begun", "running", "clean"]);

export function startsPath(socketPath: string): string {
  return `${socketPath}.starts`;
}

/** @returns Oldest first; none when there is no file, or one that somebody else may have written, or is no such file. */
export function readStarts(path: string): Start[] {
  let fd: number;
  try {
    // Neither what a link names, nor a pipe that nobody writes to.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return [];
  }
  try {
    const stats = fstatSync(fd);
    const isOurs = stats.uid === process.geteuid?.() || stats.uid === 0;
    if (!stats.isFile() || !isOurs || (stats.mode & 0o022) !== 0) return [];
    const bytes = Buffer.alloc(FILE_BYTES_MAX);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    const value: unknown = JSON.parse(bytes.toString("utf8", 0, length));
    return Array.isArray(value) ? value.filter(isStart).slice(-KEPT_MAX) : [];
  } catch {
    return [];
  } finally {
    closeSync(fd);
  }
}

/** @returns Why it cannot be written; undefined when it was. Whatever bore its name is replaced. */
export function writeStarts(path: string, starts: readonly Start[]): string | undefined {
  const temporary = `${path}.${process.pid}`;
  try {
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, "wx", 0o600);
    try {
      writeSync(fd, JSON.stringify(starts.slice(-KEPT_MAX)));
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    return undefined;
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // On a read-only disk there is none.
    }
    return `Cannot count starts in ${JSON.stringify(path)}: ${codeOf(error)}`;
  }
}

function isStart(value: unknown): value is Start {
  if (!isObject(value)) return false;
  const { life, pid, atMs, idleMs, loopSinceMs, stage } = value;
  return (
    typeof life === "string" &&
    [pid, atMs, idleMs].every(Number.isFinite) &&
    (loopSinceMs === undefined || Number.isFinite(loopSinceMs)) &&
    STAGES.has(stage)
  );
}
