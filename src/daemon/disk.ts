/** Where the small files of state-dir are: a parameter, so that a whole agent can live without a file system. */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { replaceUnsynced, syncFile, whereLeft } from "./replace-file.ts";

/** Every method throws, or rejects with, a a NodeJS.ErrnoException. */
export interface Disk {
  /** In bytes. */
  size(path: string): number;
  read(path: string): string;
  /** Puts a file that cannot be used where nobody looks. */
  moveAside(path: string): void;
  /** Not synced, and at once: for what need not survive a power failure. */
  replaceNow(path: string, text: string, mode: number): void;
  /** See `replaceUnsynced`. */
  replaceSoon(path: string, text: string, mode: number): Promise<void>;
  /** See `syncFile`. */
  sync(path: string): Promise<void>;
}

/**
 * `replaceNow` removes the old file before the new one gets its name, because ext4 may write out a file that is renamed
 * over another, which took 0.8 s once.
 */
export const SYSTEM_DISK: Disk = {
  size: (path) => statSync(whereLeft(path)).size,
  read: (path) => readFileSync(whereLeft(path), "utf8"),
  moveAside: (path) => renameSync(path, `${path}.bad`),
  replaceNow(path, text, mode) {
    const newPath = `${path}.new`;
    writeFileSync(newPath, text, { mode });
    rmSync(path, { force: true });
    renameSync(newPath, path);
  },
  replaceSoon: replaceUnsynced,
  sync: syncFile,
};
