/**
 * One of many that want one folder, as a process: `node claimer.js STATE_DIR ROUNDS`. Has the lock so many times, each for a
 * moment, and dies with it at last. Ends with status 1 when it is not alone.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Lock, ownClaimant } from "../../src/daemon/lock.ts";

const [stateDir = "", rounds = ""] = process.argv.slice(2);

/** Without giving up the thread, so that it is as short as it says. */
function pause(maxMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * maxMs);
}

const lock = new Lock({ stateDir, own: ownClaimant() });
const inside = join(stateDir, "inside");
for (let round = 1; round <= Number(rounds); round += 1) {
  while (lock.take().outcome !== "taken") pause(10);
  try {
    closeSync(openSync(inside, "wx"));
  } catch {
    process.exit(1);
  }
  pause(3);
  rmSync(inside);
  // Killed, with its claim left behind.
  if (round === Number(rounds)) process.kill(process.pid, "SIGKILL");
  lock.release();
  pause(10);
}
