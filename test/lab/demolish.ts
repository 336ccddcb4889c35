/** Removes a lab by its record alone: at the end, at a signal, after a failure, or for a lab whose owner was killed. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { isRunning, processesIn, sendSignal } from "./process.ts";
import { type LabRecord, readRecords, removeRecord } from "./record.ts";

/** A killed process needs a moment to go; one that needs longer hangs in the kernel. */
const KILL_DEADLINE_MS = 5000;

/** Where `ip netns` keeps them. */
const NAMESPACES_FOLDER = "/run/netns";

/**
 * Synchronous, so that it also works in an `exit` handler. Kills only what runs in the lab's own namespaces.
 *
 * @throws {Error} When a process or a namespace cannot be removed; the record is kept then.
 */
export function demolish(
  record: LabRecord,
  { keepsFiles = false }: { readonly keepsFiles?: boolean } = {},
): void {
  const names = namespacesOf(record.id);
  killAllIn(new Set(names.flatMap((name) => inodeOf(name) ?? [])));
  for (const name of names) {
    const { status, stderr } = spawnSync("ip", ["netns", "del", name], { encoding: "utf8" });
    // Two processes may sweep the same leftovers.
    if (status !== 0 && existsSync(`${NAMESPACES_FOLDER}/${name}`)) {
      throw new Error(`Cannot remove network namespace ${name}: ${stderr.trim()}`);
    }
  }
  if (!keepsFiles) rmSync(record.folder, { recursive: true, force: true });
  removeRecord(record.id);
}

/** Removes the labs of owners that were killed before they could do it themselves. */
export function sweepStaleLabs(): void {
  for (const record of readRecords()) {
    if (!record.stays && !isRunning(record.owner)) demolish(record);
  }
}

/** The names of a lab's network namespaces, also of one that was killed while it made them. */
export function namespacesOf(id: string): string[] {
  if (!existsSync(NAMESPACES_FOLDER)) return [];
  return readdirSync(NAMESPACES_FOLDER).filter((name) => name.startsWith(`anyctl-${id}-`));
}

function inodeOf(name: string): number | undefined {
  return statSync(`${NAMESPACES_FOLDER}/${name}`, { throwIfNoEntry: false })?.ino;
}

function killAllIn(inodes: ReadonlySet<number>): void {
  const endMs = performance.now() + KILL_DEADLINE_MS;
  // More than one round: ExaBGP may start a child while we count.
  for (;;) {
    const pids = processesIn(inodes).filter((pid) => pid !== process.pid);
    if (pids.length === 0) return;
    if (performance.now() > endMs) {
      throw new Error(`Cannot stop the processes ${pids.join(", ")}: still there after SIGKILL`);
    }
    for (const pid of pids) sendSignal(pid, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}
