/** All files or none. What stood there before is never lost. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../error-code.ts";
import { CommandError } from "../exit.ts";

export interface FileToWrite {
  readonly path: string;
  readonly mode: number;
  /** Undefined: it stays as the system gives it. */
  readonly gid: number | undefined;
  readonly text: string;
}

/** More copies of one file are a loop of somebody's script. */
const BACKUPS_MAX = 100;

/** @returns Those of `paths` that are there, whatever they are. */
export function existing(paths: readonly string[]): string[] {
  return paths.filter((path) => isThere(path));
}

/**
 * Writes them beside their places first, and then gives them their names. Nothing in here waits, so that no signal can
 * come between. What is replaced is kept as `FILE.bak`, `FILE.bak2`, and so on.
 *
 * @param mayReplace Without it, a file that has come meanwhile is an error too.
 * @returns The copies of what was replaced.
 * @throws {CommandError} `refused`; then all is as it was.
 */
export function writeFiles(files: readonly FileToWrite[], mayReplace: boolean): string[] {
  const undo: (() => void)[] = [];
  const backups: string[] = [];
  let place = "";
  try {
    const staged = files.map((file) => {
      place = file.path;
      return { ...file, temporary: stage(file, undo) };
    });
    for (const { path, temporary } of staged) {
      place = path;
      if (mayReplace && isThere(path)) {
        const backup = freeName(path);
        linkSync(path, backup);
        undo.push(() => unlinkSync(backup));
        renameSync(temporary, path);
        // Keeps the copy's own undo from being reached before this one.
        undo.push(() => renameAside(backup, path));
        backups.push(backup);
      } else {
        linkSync(temporary, path);
        undo.push(() => unlinkSync(path));
      }
    }
    for (const { temporary } of staged) removeQuietly(temporary);
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) syncFolder(folder);
    return backups;
  } catch (error) {
    for (const step of undo.toReversed()) {
      try {
        step();
      } catch {
        // The first error is the one to tell; a leftover is seen by its name.
      }
    }
    const code = codeOf(error);
    const what = code === "EEXIST" ? "it has come meanwhile" : code;
    const message = `Cannot write ${JSON.stringify(place)} (${what}): nothing was written`;
    throw new CommandError("refused", message, error);
  }
}

/** @returns The name of the file that holds all and has its mode, but not its place. */
function stage({ path, mode, gid, text }: FileToWrite, undo: (() => void)[]): string {
  const folder = dirname(path);
  for (const made of makeFolders(folder)) undo.push(() => rmdirSync(made));
  const temporary = `${folder}/.anyctl-init-${randomBytes(8).toString("hex")}`;
  // Nobody else may read it before it has its mode and group.
  const file = openSync(temporary, "wx", 0o600);
  undo.push(() => removeQuietly(temporary));
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (gid !== undefined) chownSync(temporary, -1, gid);
  chmodSync(temporary, mode);
  return temporary;
}

/** @returns Those that were not there, the outermost first. */
function makeFolders(folder: string): string[] {
  if (isThere(folder)) return [];
  const above = makeFolders(dirname(folder));
  mkdirSync(folder);
  // Whatever the umask is: ExaBGP's user goes through them.
  chmodSync(folder, 0o755);
  return [...above, folder];
}

function freeName(path: string): string {
  for (let number = 1; number <= BACKUPS_MAX; number += 1) {
    const name = `${path}.bak${number === 1 ? "" : number}`;
    if (!isThere(name)) return name;
  }
  throw new CommandError(
    "refused",
    `Cannot keep ${JSON.stringify(path)}: there are ${BACKUPS_MAX} copies of it`,
  );
}

/** Back to its name, while the copy keeps one too: a failure in between loses nothing. */
function renameAside(backup: string, path: string): void {
  const again = `${backup}.${randomBytes(4).toString("hex")}`;
  linkSync(backup, again);
  renameSync(again, path);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Renamed already.
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}
