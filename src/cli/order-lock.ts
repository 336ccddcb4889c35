/** One command at a time judges and replaces an order: what was judged is what is replaced. */
import { type BigIntStats } from "node:fs";
import { open, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Timers } from "../../checks/timers.ts";
import { codeOf } from "./error-code.ts";

/** A command holds it for two writes to disk. One that holds it longer is dead, or its disk is. */
const STALE_MS = 3000;

const PAUSE_MS = 10;

/**
 * Runs `work` while no other command does so for `name`.
 *
 * @throws {NodeJS.ErrnoException} If the folder cannot be written.
 */
export async function withLock<T>(
  folder: string,
  name: string,
  timers: Timers,
  work: () => Promise<T>,
): Promise<T> {
  // The agent ignores names that begin so.
  const path = join(folder, `.${name}.lock`);
  await take(path, timers);
  try {
    return await work();
  } finally {
    await unlink(path).catch(() => {});
  }
}

async function take(path: string, timers: Timers): Promise<void> {
  let holder: string | undefined;
  let sinceMs = 0;
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.close();
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const seen = await stat(path, { bigint: true }).then(identify, () => undefined);
    const nowMs = timers.nowMs();
    // By the monotonic clock: the file's own date is on another one.
    if (seen !== holder) [holder, sinceMs] = [seen, nowMs];
    else if (nowMs - sinceMs > STALE_MS && !(await tryRemove(path))) return;
    await new Promise<void>((resolve) => timers.after(PAUSE_MS, resolve));
  }
}

/**
 * @returns False if nobody can, because it is a folder, or another's in a sticky folder. Then the order is written
 * without a lock: it keeps commands in turn, but no rubbish may keep an operator from draining.
 */
async function tryRemove(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    return codeOf(error) === "ENOENT";
  }
}

/** An inode may be used again at once. */
function identify({ ino, ctimeNs }: BigIntStats): string {
  return `${ino} ${ctimeNs}`;
}
