/** Which boot of the host and which ExaBGP this agent lives under. */
import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** The kernel's random id of this boot. */
export function bootId(): string {
  return read("/proc/sys/kernel/random/boot_id").trim();
}

/** Names the ExaBGP that spawned this process: a respawned agent finds the same, one under a restarted ExaBGP another. */
export function exabgpLife(): string {
  return lifeOf(process.ppid);
}

/** Names a process as no other ever is: the boot, its pid and when it started. */
export function lifeOf(pid: number): string {
  return `${bootId()} ${pid} ${processOf(pid)?.startTime ?? ""}`;
}

/** A process as no other ever is in one boot. */
export interface Identity {
  readonly pid: number;
  /** Ticks since the boot, digits (field 22 of `/proc/PID/stat`). */
  readonly startTime: string;
}

export function identityOf(pid: number): Identity {
  return { pid, startTime: processOf(pid)?.startTime ?? "" };
}

/** Whether that very process still runs; one that only waits to be reaped does not. */
export function isRunning({ pid, startTime }: Identity): boolean {
  const found = processOf(pid);
  return found?.startTime === startTime && !/[ZX]/.test(found.state);
}

/** Ticks of field 22 of `/proc/PID/stat` in a second (USER_HZ), on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** When the ExaBGP above this process started, milliseconds since 1970 as the clock is set now; NaN: nobody knows. */
export function exabgpStartedAtMs(): number {
  const ticks = Number(processOf(process.ppid)?.startTime ?? "unknown");
  try {
    return Date.now() - (uptime() - ticks / TICKS_PER_SECOND) * 1000;
  } catch {
    // A sandbox may hide what it is read from.
    return Number.NaN;
  }
}

/** Whether it was told to end and cannot hear that: it is stopped. */
export function isToldToEnd(pid: number): boolean {
  const pending = /^ShdPnd:\s*(?<mask>[0-9a-f]+)$/m.exec(read(`/proc/${pid}/status`))?.groups;
  return (BigInt(`0x${pending?.["mask"] ?? "0"}`) & SIGTERM_BIT) !== 0n;
}

/** Signal N is bit N - 1 (proc(5)). */
const SIGTERM_BIT = 1n << 14n;

interface ProcessState {
  /** Ticks since the boot, digits. */
  readonly startTime: string;
  /** One letter (proc(5)); `Z` and `X` are dead. */
  readonly state: string;
}

/** @returns undefined when there is no such process, or nobody may see it. */
function processOf(pid: number): ProcessState | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "", startTime = ""] = [fields[0], fields[19]];
  return startTime === "" ? undefined : { state, startTime };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
