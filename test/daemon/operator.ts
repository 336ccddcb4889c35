/** A hasty operator, as a process: `node operator.js FOLDER LANE ROUNDS`. Its last word on each of its names is a drain. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { put } from "./watched-folder.ts";

/** Longer than the agent needs to hear of a file and take it away: so every moment of that is hit. */
const PAUSE_MAX_MS = 20;

const [folder = "", lane = "", rounds = ""] = process.argv.slice(2);

/** Without giving up the thread, so that it is as short as it says. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * PAUSE_MAX_MS);
}

for (let round = 0; round < Number(rounds); round += 1) {
  const own = `${lane}-${round}`;
  const nowMs = Date.now();
  const since = new Date(nowMs - 1000).toISOString();
  put(folder, own, { reason: "first" });
  pause();
  if (round % 2 === 0) put(folder, own, { undrain: true });
  else put(folder, own, { reason: "over", since, until: new Date(nowMs + 2).toISOString() });
  pause();
  put(folder, own, { reason: "last" });
  // And one name that all operators quarrel about.
  const mood = Math.random();
  if (mood < 0.3) put(folder, "shared", { undrain: true });
  else if (mood < 0.4) rmSync(join(folder, "shared"), { force: true });
  else put(folder, "shared", { reason: `${lane} ${round}` });
}
