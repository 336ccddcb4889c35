/** Files that are whole after a crash, whatever moment it chose. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces the file at `path` by `text`: written beside it, synced, renamed, the folder synced. Takes a few
 * milliseconds and blocks: for small files that must be on disk before what follows.
 *
 * @throws {NodeJS.ErrnoException} If the disk is full, read-only or broken; the old file then still stands.
 */
export function replaceFile(path: string, text: string, mode = 0o640): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
