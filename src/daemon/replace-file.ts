/** Files that are whole after a crash, whatever moment it chose. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces the file at `path` by `text` in one step that survives a power failure too: written beside it, synced,
 * renamed over it, the folder synced. Blocks the event loop for as long as the disk takes: milliseconds, or a second
 * where the file system is busy.
 *
 * @throws {NodeJS.ErrnoException} If the disk is full, read-only or broken; the old file then still stands.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", mode);
  try {
    writeFileSync(file, text);
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
