/** Which boot of the host and which ExaBGP this agent lives under. */
import { readFileSync } from "node:fs";

/** The kernel's random id of this boot. */
export function bootId(): string {
  return read("/proc/sys/kernel/random/boot_id").trim();
}

/**
 * Names the ExaBGP that spawned this process: the boot, its pid and when it started (field 22 of
 * `/proc/PID/stat`). A respawned agent finds the same name, one under a restarted ExaBGP another.
 */
export function exabgpLife(): string {
  const stat = read(`/proc/${process.ppid}/stat`);
  // The second field is the program's name in parentheses, and may hold anything.
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return `${bootId()} ${process.ppid} ${startTime}`;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
