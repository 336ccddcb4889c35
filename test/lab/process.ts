/** Processes by pid and start time: a pid alone may belong to somebody else by now. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hasCode } from "./error-code.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** Kernel ticks from boot to the start of the process. */
  readonly startTicks: number;
}

/** @returns Undefined when no such process runs; a zombie counts as gone. */
export function identify(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  if (fields === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTicks: Number(fields[19]) };
}

export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  return identify(pid)?.startTicks === startTicks;
}

/** How long the threads of a process have run so far, milliseconds, in steps of 10. @returns 0 when it is gone. */
export function cpuTimeMs(pid: number): number {
  const fields = statFields(pid);
  return 10 * (Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0));
}

/** The pids of the direct children, oldest first. */
export function childrenOf(pid: number): number[] {
  return allPids().filter((child) => Number(statFields(child)?.[1]) === pid);
}

/** The pids in network namespaces, by the inode numbers of those. */
export function processesIn(namespaceInodes: ReadonlySet<number>): number[] {
  return allPids().filter((pid) => {
    try {
      const inode = /^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1];
      return inode !== undefined && namespaceInodes.has(Number(inode));
    } catch {
      // It ended between the two looks, or it is a zombie.
      return false;
    }
  });
}

/** @returns False when the process is gone already. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    throw error;
  }
}

function allPids(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid))
    .toSorted((a, b) => a - b);
}

/** The fields of /proc/PID/stat from the third (state) on; the second may hold spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
