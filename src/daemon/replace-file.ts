/** Files that are whole after a crash, whatever moment it chose. */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces the file at `path` by `text` in one step that survives a power failure too: written beside it, synced,
 * renamed over it, the folder synced. Takes as long as the disk: milliseconds, or a second where the file system is
 * busy; the event loop goes on. Not for two writers of one file at once.
 *
 * @param order `synced first`: whatever happens, one of the two files is there. `seen first`: who reads it after a
 * crash of this process has it at once, not when the disk is done; only a power failure in that time may lose both.
 * @throws {NodeJS.ErrnoException} If the disk is full, read-only or broken; the old file then still stands.
 */
export async function replaceFile(
  path: string,
  text: string,
  mode: number,
  order: "synced first" | "seen first" = "synced first",
): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(text);
    if (order === "seen first") await rename(temporary, path);
    await file.sync();
  } finally {
    await file.close();
  }
  if (order === "synced first") await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
