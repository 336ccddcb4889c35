/** The folders of orders: found, made where only they are missing, or their rules explained. */
import { statSync, type Stats } from "node:fs";
import { chmod, chown, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { groupName } from "./accounts.ts";
import { codeOf } from "./error-code.ts";
import { CommandError } from "./exit.ts";
import type { Location } from "./location.ts";

/** Files made in it belong to the folder's group, so that the agent can take them away. */
const FOLDER_MODE = 0o2770;

/** `transient`: drains that are gone after a reboot, and at the next start of ExaBGP. */
export type FolderKind = "drains" | "transient" | "pins";

export function folderOf({ stateDir, socketPath }: Location, kind: FolderKind): string {
  return kind === "transient" ? join(dirname(socketPath), "drains") : join(stateDir, kind);
}

/**
 * Makes the folder if the agent has not made it yet.
 *
 * @throws {CommandError} `refused` if what it is to be in is missing, or may not be written; `unreachable` if that is
 * the folder of the socket: then no agent runs.
 */
export async function makeFolder(location: Location, kind: FolderKind): Promise<string> {
  const folder = folderOf(location, kind);
  const parentPath = dirname(folder);
  let parent: Stats;
  try {
    parent = statSync(parentPath);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw cannotWrite(folder, error);
    const setting = kind === "transient" ? "folder of the socket" : "state-dir";
    const from = `the ${setting} of ${JSON.stringify(location.configPath)}`;
    const why = `there is no folder ${JSON.stringify(parentPath)}, ${from}`;
    const [code, hint] =
      kind === "transient"
        ? (["unreachable", "no agent runs that would see them"] as const)
        : (["refused", "is it the agent's configuration?"] as const);
    throw new CommandError(code, `Cannot write ${NOUNS[kind]}: ${why}; ${hint}`);
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

const NOUNS: Readonly<Record<FolderKind, string>> = {
  drains: "drains",
  transient: "transient drains",
  pins: "pins",
};

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
  EISDIR: "a folder has the name of the file (EISDIR)",
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
