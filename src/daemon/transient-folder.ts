/** The folder of transient drains, beside the socket: in /run, so gone after a reboot, and emptied for each ExaBGP. */
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { exabgpStartedAtMs } from "./life.ts";
import { FILE_NAME } from "./order-folder.ts";
import { makeStateFolder } from "./state-folder.ts";
import { codeOf } from "./untrusted.ts";

/** Says under which ExaBGP the folder was last emptied. */
const MARKER = "exabgp-life";

/** File systems and `Date.now()` read one clock, and round it in their own ways. */
const CLOCK_TICK_MS = 10;

export interface TransientFolder {
  /** undefined where there can be none. */
  readonly folder: string | undefined;
  readonly problem: string | undefined;
}

/**
 * Makes the folder, and removes what an earlier ExaBGP left in it: those drains were for its own stop. To be called
 * before the first announcement. A respawned agent, under the same ExaBGP, removes nothing. What was put there since this
 * ExaBGP started is an order to it, which only came before the agent.
 *
 * @param life Names the ExaBGP above this agent.
 * @param startedAtMs When it started, milliseconds since 1970; NaN: nobody knows, and everything goes.
 * @param nowMs Milliseconds since 1970. What is of later was there before the date was set back: an earlier stop's drain
 *   that stayed would keep the PoP out for good.
 */
export function prepareTransientFolder(
  socketPath: string,
  stateDir: string,
  life: string,
  startedAtMs = exabgpStartedAtMs(),
  nowMs = Date.now(),
): TransientFolder {
  const beside = dirname(socketPath);
  const folder = join(beside, "drains");
  try {
    const made = makeStateFolder(folder);
    if (made !== undefined) return { folder, problem: made };
    if (!lstatSync(folder).isDirectory()) {
      return { folder: undefined, problem: `"${folder}" is not a folder` };
    }
    // What lies in state-dir must survive.
    if (isSame(folder, join(stateDir, "drains"))) {
      const problem = `There are no transient drains while the socket is in state-dir, "${stateDir}"`;
      return { folder: undefined, problem };
    }
    const marker = join(beside, MARKER);
    if (existsSync(marker) && readFileSync(marker, "utf8") === life) {
      return { folder, problem: undefined };
    }
    for (const name of readdirSync(folder)) {
      // What can be no drain is somebody else's: the folder of the socket may not be the agent's alone.
      if (!FILE_NAME.test(name) && !name.startsWith(".")) continue;
      const path = join(folder, name);
      const changedMs = changedAtMs(path);
      if (changedMs >= startedAtMs && changedMs <= nowMs + CLOCK_TICK_MS) continue;
      rmSync(path, { recursive: true, force: true });
    }
    // Last: whoever dies before it is followed by one that does it again.
    rmSync(marker, { force: true });
    writeFileSync(marker, life, { flag: "wx", mode: 0o640 });
    return { folder, problem: undefined };
  } catch (error) {
    return { folder, problem: `Cannot empty "${folder}" for this ExaBGP: ${codeOf(error)}` };
  }
}

/** When it got its name or its content; no owner can set that back, or forward. NaN: it is gone. */
function changedAtMs(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Number.NaN;
}

function isSame(one: string, other: string): boolean {
  return existsSync(other) && realpathSync(one) === realpathSync(other);
}
