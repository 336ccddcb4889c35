/** A lab: network namespaces and one temporary folder, removed together whatever happens. */
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demolish, sweepStaleLabs } from "./demolish.ts";
import { createNamespace, type Namespace } from "./namespace.ts";
import { identify } from "./process.ts";
import { type LabRecord, writeRecord } from "./record.ts";
import { userIds } from "./user.ts";

export interface Lab {
  readonly id: string;
  /** Absolute path, mode 0755. */
  readonly folder: string;
  /** @param place Completes the namespace's name, such as `fra-pop`. */
  addNamespace(place: string): Promise<Namespace>;
  /** Makes a folder in the lab's folder; with `owner`, it belongs to that user. Returns its path. */
  addFolder(name: string, owner?: string): string;
  /** Registers something of this process, such as a file watcher, to be closed at the end. */
  onRemove(close: () => void | Promise<void>): void;
  /** Kills the lab's processes, removes namespaces and folder. A second call does nothing. */
  remove(options?: { readonly keepsFiles?: boolean }): Promise<void>;
  /** From now on the lab outlives this process. */
  keep(): void;
}

/** Those that end with this process. */
const liveLabs = new Map<Lab, LabRecord>();
let listens = false;

/** Removes what killed labs left behind, then begins an empty one. Needs root. */
export function createLab(): Lab {
  sweepStaleLabs();
  const owner = identify(process.pid);
  if (owner === undefined) throw new Error("Cannot read /proc: is it mounted?");
  const id = `${process.pid.toString(36)}${randomBytes(2).toString("hex")}`;
  const folder = mkdtempSync(join(tmpdir(), `anyctl-${id}-`));
  const record: LabRecord = { id, folder, owner, stays: false };
  writeRecord(record);
  chmodSync(folder, 0o755);
  let isRemoved = false;
  const closers: (() => void | Promise<void>)[] = [];

  const lab: Lab = {
    id,
    folder,
    addNamespace: (place) => createNamespace(`anyctl-${id}-${place}`),
    addFolder(name, ownerName) {
      const path = join(folder, name);
      mkdirSync(path, { recursive: true, mode: 0o755 });
      if (ownerName !== undefined) {
        const { uid, gid } = userIds(ownerName);
        chownSync(path, uid, gid);
      }
      return path;
    },
    onRemove: (close) => void closers.push(close),
    async remove(options) {
      for (const close of closers.splice(0).toReversed()) await close();
      if (isRemoved) return;
      demolish(record, options);
      isRemoved = true;
      liveLabs.delete(lab);
    },
    keep() {
      writeRecord({ ...record, stays: true });
      liveLabs.delete(lab);
    },
  };
  liveLabs.set(lab, record);
  listenForTheEnd();
  return lab;
}

/** A signal ends the process by way of `exit`, where every lab that is still there goes. */
function listenForTheEnd(): void {
  if (listens) return;
  listens = true;
  process.on("exit", () => {
    for (const record of liveLabs.values()) demolish(record);
  });
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  process.once("SIGHUP", () => process.exit(129));
}
