/** Files that are whole after a crash, whatever moment it chose. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export interface ReplaceOptions {
  /** Default 0640. */
  readonly mode?: number;
  /**
   * Whether the file must survive a power failure too, which costs a few milliseconds of a blocked event loop;
   * without, it survives everything that the kernel does. Default true.
   */
  readonly sync?: boolean;
}

/**
 * Replaces the file at `path` by `text` in one step: written beside it, renamed over it.
 *
 * @throws {NodeJS.ErrnoException} If the disk is full, read-only or broken; the old file then still stands.
 */
export function replaceFile(path: string, text: string, options: ReplaceOptions = {}): void {
  const { mode = 0o640, sync = true } = options;
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", mode);
  try {
    writeFileSync(file, text);
    if (sync) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  if (!sync) return;
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
