/** Files of a simulated host: in memory, lost never, refused when the disk is full. */
import type { Disk } from "../../src/daemon/disk.ts";
import type { OrderFile } from "../../src/daemon/order-file.ts";
import type { Being } from "./world.ts";

/** Who owns what operators write. */
export const OPERATOR_UID = 0;

export class Host {
  readonly files = new Map<string, string>();
  /** Orders by folder, and in it by name. */
  readonly orders = new Map<string, Map<string, OrderFile>>();
  isFull = false;

  /** Writes for `being`, as long as it lives. */
  diskOf(being: Being): Disk {
    const read = (path: string): string => {
      const text = this.files.get(path);
      if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return text;
    };
    const write = (path: string, text: string): void => {
      if (being.isDead) return;
      if (this.isFull) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      this.files.set(path, text);
    };
    return {
      read,
      size: (path) => read(path).length,
      moveAside: (path) => void this.files.delete(path),
      replaceNow: write,
      replaceSoon: (path, text) =>
        new Promise((resolve) => {
          write(path, text);
          resolve();
        }),
      sync: () => Promise.resolve(),
    };
  }

  folder(path: string): Map<string, OrderFile> {
    const known = this.orders.get(path);
    if (known !== undefined) return known;
    const made = new Map<string, OrderFile>();
    this.orders.set(path, made);
    return made;
  }
}
