/** Less CPU than processes want, by a control group with a quota: they stand still for the rest of each second. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "./error-code.ts";
import { waitUntil } from "./wait.ts";

const ROOT = "/sys/fs/cgroup";

/** The longest that the kernel takes: the longer, the longer they stand still. */
const PERIOD_US = 1_000_000;

/** The kernel takes no less. */
const QUOTA_MIN_US = 1000;

export interface CpuLimit {
  /** How long they stood still so far with work to do, milliseconds; counted for each CPU. */
  throttledMs(): number;
  /** Gives them all that they want, and goes. */
  lift(): Promise<void>;
}

/** Limits `pids`, with all their threads and later children, together. @param part Of one CPU, from 0 to 1. */
export function limitCpu(pids: readonly number[], part: number): CpuLimit {
  const isFirstVersion = existsSync(join(ROOT, "cpu/cgroup.procs"));
  const top = isFirstVersion ? join(ROOT, "cpu") : ROOT;
  if (!isFirstVersion) writeFileSync(join(ROOT, "cgroup.subtree_control"), "+cpu");
  const group = join(top, `anyctl-test-${process.pid}-${Date.now()}`);
  mkdirSync(group);
  const quotaUs = Math.max(QUOTA_MIN_US, Math.round(part * PERIOD_US));
  if (isFirstVersion) {
    writeFileSync(join(group, "cpu.cfs_period_us"), `${PERIOD_US}`);
    writeFileSync(join(group, "cpu.cfs_quota_us"), `${quotaUs}`);
  } else {
    writeFileSync(join(group, "cpu.max"), `${quotaUs} ${PERIOD_US}`);
  }
  for (const pid of pids) writeFileSync(join(group, "cgroup.procs"), `${pid}`);

  return {
    throttledMs() {
      const text = readFileSync(join(group, "cpu.stat"), "latin1");
      const [, ns = NaN] = /^throttled_time (\d+)$/m.exec(text) ?? [];
      const [, us = Number(ns) / 1000] = /^throttled_usec (\d+)$/m.exec(text) ?? [];
      return Number(us) / 1000;
    },
    async lift() {
      if (!existsSync(group)) return;
      for (const pid of readFileSync(join(group, "cgroup.procs"), "latin1").split("\n")) {
        if (pid !== "") move(pid, top);
      }
      await waitUntil(`the end of ${group}`, () => isRemoved(group) || undefined);
    },
  };
}

function move(pid: string, group: string): void {
  try {
    writeFileSync(join(group, "cgroup.procs"), pid);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

/** Not while a process that ends is still in it. */
function isRemoved(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch (error) {
    if (hasCode(error, "EBUSY")) return false;
    throw error;
  }
}
