/** The folders that the agent needs under `state-dir`, made where they are missing. */
import { chmodSync, existsSync, mkdirSync } from "node:fs";

/** Set-group-ID: what operators of the folder's group make there, the agent's group can read. */
const MODE = 0o2770;

/** @returns Why it cannot be made; undefined when it is there. */
export function makeStateFolder(folder: string): string | undefined {
  try {
    if (existsSync(folder)) return undefined;
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, MODE);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
