/** What processes cost, as the kernel counts it. */
import { readFileSync } from "node:fs";

/** Of /proc/PID/stat, on every Linux that Node.js runs on: USER_HZ is fixed for programs. */
const TICKS_PER_SECOND = 100;

/**
 * CPU time of a process so far, in ms: user and system, its ended children included. A child counts from the moment
 * its parent has waited for it.
 */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  // From the third field on; the second may hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
  const ticks = (user ?? 0) + (system ?? 0) + (childrenUser ?? 0) + (childrenSystem ?? 0);
  return (ticks * 1000) / TICKS_PER_SECOND;
}

export interface MemoryUse {
  /** Proportional: what several processes share is divided among them. MiB. */
  readonly pssMib: number;
  /** What would be free if only this process ended. MiB. */
  readonly privateMib: number;
}

/** Needs root for processes of others. */
export function memoryUse(pid: number): MemoryUse {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) / 1024;
  return { pssMib: mib("Pss"), privateMib: mib("Private_Clean") + mib("Private_Dirty") };
}
