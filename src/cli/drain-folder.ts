/** The folder of drain files: found, made where only it is missing, or its rules explained. */
import { readFileSync, statSync, type Stats } from "node:fs";
import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./error-code.ts";
import { CommandError } from "./exit.ts";
import type { Location } from "./location.ts";

/** Files made in it belong to the folder's group, so that the agent can take them away. */
const FOLDER_MODE = 0o2770;

export function drainFolderOf({ stateDir }: Location): string {
  return join(stateDir, "drains");
}

/**
 * Makes the folder if the agent has not made it yet.
 *
 * @throws {CommandError} `refused` if there is no state folder, or it may not be written.
 */
export async function makeDrainFolder(location: Location): Promise<string> {
  const folder = drainFolderOf(location);
  const { stateDir, configPath } = location;
  let parent: Stats;
  try {
    parent = statSync(stateDir);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw cannotWrite(folder, error);
    const why = `there is no folder ${JSON.stringify(stateDir)}, the state-dir of ${JSON.stringify(configPath)}`;
    throw new CommandError(
      "refused",
      `Cannot write drains: ${why}; is it the agent's configuration?`,
    );
  }
  try {
    await mkdir(folder);
    // Not by `mkdir`, whose mode is subject to the umask.
    await chmod(folder, FOLDER_MODE);
    // The agent may run as a user of its own; only root may give the folder to it.
    if (process.getuid?.() === 0) await chown(folder, parent.uid, parent.gid);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw cannotWrite(folder, error);
  }
  return folder;
}

/** Why nothing can be written in `folder`, and who could. */
export function cannotWrite(folder: string, error: unknown): CommandError {
  const code = codeOf(error);
  const rules = code === "EACCES" || code === "EPERM" ? `; ${rulesOf(folder)}` : "";
  const message = `Cannot write in ${JSON.stringify(folder)}: ${WORDS[code] ?? code}${rules}`;
  return new CommandError("refused", message, error);
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied (EACCES)",
  EPERM: "not permitted (EPERM)",
  EROFS: "the file system is read-only (EROFS)",
  ENOSPC: "the disk is full (ENOSPC)",
  ENOTDIR: "a part of its path is no folder (ENOTDIR)",
  EISDIR: "a folder has the name of the drain (EISDIR)",
  ENOENT: "there is no such folder (ENOENT)",
};

function rulesOf(folder: string): string {
  for (const path of [folder, join(folder, "..")]) {
    try {
      const { mode, uid, gid } = statSync(path);
      const group = groupName(gid);
      const name = group === undefined ? `gid ${gid}` : `${JSON.stringify(group)} (gid ${gid})`;
      const rights = (mode & 0o7777).toString(8).padStart(4, "0");
      return `${JSON.stringify(path)} has mode ${rights}, owner uid ${uid}, group ${name}: join that group, or use sudo`;
    } catch {
      // Not even to be seen; the folder above may be.
    }
  }
  return "use sudo";
}

/** From the file only: no command may wait for a directory service. */
function groupName(gid: number): string | undefined {
  try {
    const lines = readFileSync("/etc/group", "utf8").split("\n");
    return lines.map((line) => line.split(":")).find((fields) => fields[2] === String(gid))?.[0];
  } catch {
    return undefined;
  }
}
