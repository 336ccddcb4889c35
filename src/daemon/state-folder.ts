/** The folders of orders that the agent needs, made where they are missing. */
import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Set-group-ID: what operators of the folder's group make there, the agent's group can read. */
const MODE = 0o2770;

/** @returns Why it cannot be made; undefined when it is there. */
export function makeStateFolder(folder: string): string | undefined {
  try {
    if (existsSync(folder)) return undefined;
    mkdirSync(folder, { recursive: true });
    // Whoever may use the folder above may use this one, also when root made it.
    const { uid, gid } = statSync(dirname(folder));
    if (process.geteuid?.() === 0) chownSync(folder, uid, gid);
    chmodSync(folder, MODE);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
