/** Which boot of the host and which ExaBGP this agent lives under. */
import { readFileSync } from "node:fs";

/** The kernel's random id of this boot. */
export function bootId(): string {
  return read("/proc/sys/kernel/random/boot_id").trim();
}

/** Names the ExaBGP that spawned this process. A respawned agent finds the same name, one under a restarted ExaBGP another. */
export function exabgpLife(): string {
  return lifeOf(process.ppid);
}

/** Names a process as no other ever is: the boot, its pid and when it started. */
export function lifeOf(pid: number): string {
  return `${bootId()} ${pid} ${processOf(pid)?.startTime ?? ""}`;
}

export interface ProcessState {
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
