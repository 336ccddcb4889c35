/** Files that are whole after a crash, whatever moment it chose. */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces the file at `path` by `text` in one step that survives a power failure too: written beside it, synced,
 * renamed over it, the folder synced. Takes as long as the disk: milliseconds, or a second where the file system is
 * busy; the event loop goes on. Not for two writers of one file at once.
 *
 * @throws {NodeJS.ErrnoException} If the disk is full, read-only or broken; the old file then still stands.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
