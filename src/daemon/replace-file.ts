/** Files that are whole after a crash, whatever moment it chose. */
import { existsSync, renameSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces the file at `path` by `text` in one step that survives a power failure too: written beside it, synced,
 * renamed over it, the folder synced. Takes as long as the disk: milliseconds, or a second where the file system is
 * busy; the event loop goes on. Not for two writers of one file at once.
 *
 * @throws {NodeJS.ErrnoException} If the disk is full, read-only or broken; the old file then still stands.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await replace(path, text, mode, true);
  await sync(dirname(path));
}

/**
 * The same without waiting for the disk: whoever reads it after a crash of this process has it, by way of `whereLeft`;
 * after a power failure perhaps neither of the two. To be followed by `syncFile`. The old file is removed before the new
 * one gets its name, because ext4 may write out a file that is renamed over another, which takes as long as a sync.
 *
 * @throws {NodeJS.ErrnoException} See `replaceFile`.
 */
export async function replaceUnsynced(path: string, text: string, mode: number): Promise<void> {
  await replace(path, text, mode, false);
}

/**
 * Where to read the file at `path` after a crash. A new one that stands alone is whole, and gets its name now: whoever
 * writes next begins by emptying what bears the other.
 */
export function whereLeft(path: string): string {
  const newPath = newPathOf(path);
  if (existsSync(path) || statSync(newPath, { throwIfNoEntry: false })?.isFile() !== true) {
    return path;
  }
  try {
    renameSync(newPath, path);
    return path;
  } catch {
    // On a read-only disk nobody writes either.
    return newPath;
  }
}

function newPathOf(path: string): string {
  return `${path}.new`;
}

/** What is in the file at `path` survives a power failure from now on. Another may replace it meanwhile. */
export async function syncFile(path: string): Promise<void> {
  await sync(path);
  await sync(dirname(path));
}

async function replace(path: string, text: string, mode: number, isSynced: boolean): Promise<void> {
  const temporary = newPathOf(path);
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(text);
    if (isSynced) await file.sync();
  } finally {
    await file.close();
  }
  if (!isSynced) await rm(path, { force: true });
  await rename(temporary, path);
}

async function sync(path: string): Promise<void> {
  const opened = await open(path, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
