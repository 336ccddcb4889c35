/** Control groups of a machine's own: two machines that stood in the same ones would end each other's processes. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../lab/error-code.ts";

const PREFIX = "anyctl-machine-";

/** Where the labs' records are; what has none belongs to nobody any more. */
const RECORDS_FOLDER = "/run/anyctl-lab";

/** systemd-nspawn ends soon after the machine that was killed. */
const LEAVE_DEADLINE_MS = 5000;

/**
 * Makes them in each hierarchy that systemd works with; a process that writes its pid into their `cgroup.procs` enters.
 *
 * @param id The lab's id, a dash, the machine's name.
 * @throws {Error} When there is none, or none may be made.
 */
export function addControlGroups(id: string): string[] {
  sweepControlGroups();
  return systemdHierarchies().map((folder) => {
    const group = join(folder, `${PREFIX}${id}`);
    mkdirSync(group, { recursive: true });
    return group;
  });
}

/** Removes empty control groups and those below. @returns False when one stays, because a process is in it. */
export function removeControlGroup(group: string): boolean {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory()) removeControlGroup(join(group, entry.name));
    }
    rmdirSync(group);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return true;
    if (hasCode(error, "EBUSY")) return false;
    throw error;
  }
}

/** What labs that were killed have left behind. */
function sweepControlGroups(): void {
  for (const folder of systemdHierarchies()) {
    for (const name of readdirSync(folder).filter((it) => it.startsWith(PREFIX))) {
      const record = join(RECORDS_FOLDER, `${name.slice(PREFIX.length).split("-")[0]}.json`);
      if (existsSync(record)) continue;
      const endMs = performance.now() + LEAVE_DEADLINE_MS;
      while (!removeControlGroup(join(folder, name)) && performance.now() < endMs) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      }
    }
  }
}

/** cgroup2, and on a host of the older kind the hierarchy that has the name `systemd`. */
function systemdHierarchies(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , type, options = ""]) => {
      return type === "cgroup2" || (type === "cgroup" && options.includes("name=systemd"));
    })
    .map(([, folder = ""]) => folder);
  if (mounts.length > 0) return mounts;
  throw new Error(
    "Cannot boot a machine: no cgroup2 is mounted on this host, which systemd-nspawn needs",
  );
}
