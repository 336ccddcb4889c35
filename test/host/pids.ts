/** One process, two numbers: this host's and the machine's. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What a process is called inside of its innermost PID namespace. @returns Undefined when it is gone. */
export function innerPidOf(pid: number): number | undefined {
  try {
    const line = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return line === undefined ? undefined : Number(line.split(/\s+/).at(-1));
  } catch {
    return undefined;
  }
}

/** @param leader Any process of the machine. @returns Undefined when the machine has no such process. */
export function hostPidOf(leader: number, innerPid: number): number | undefined {
  const namespace = pidNamespaceOf(leader);
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && namespace !== undefined)
    .find((pid) => innerPidOf(pid) === innerPid && pidNamespaceOf(pid) === namespace);
}

function pidNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // It ended between the two looks.
    return undefined;
  }
}
