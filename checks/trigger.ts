/** `trigger: /path`: hears by inotify that a file was written, made, replaced or removed. */
import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { BackOff } from "./back-off.ts";
import type { Heard, Listen, Listener } from "./listen.ts";
import type { Timers } from "./timers.ts";

/** A program that writes line by line is one event, and one that writes for ever makes ten a second. */
const QUIET_MS = 100;

/** A folder may be gone, and made again. */
const PAUSES = { firstMs: 100, maxMs: 5000 };

/**
 * Not everything is told: a cgroup's folder goes without a word (Linux 6.18), and so does one whose parent is moved;
 * the kernel drops what does not fit into its queue (inotify(7)).
 */
const LOOK_MS = 5000;

/** What a file was when it was looked at; another one means that something has happened. */
type Version = string;

const ABSENT: Version = "absent";

/** @param path Absolute. Neither the file nor its folder need be there. Takes no descriptor of its own. */
export function watchFile(path: string, timers: Timers): Listen {
  return (heard) => new Trigger(path, timers, heard);
}

class Trigger implements Listener {
  readonly #path: string;
  readonly #timers: Timers;
  readonly #heard: Heard;
  readonly #backOff: BackOff;
  /** Hears of files that come, go and are replaced. */
  #folder: { readonly watcher: FSWatcher; readonly identity: string } | undefined;
  /** Keeps the file's inode in memory: without it the kernel does not tell of changes in /sys/fs/cgroup. */
  #file: FSWatcher | undefined;
  /** Undefined before the first look. */
  #version: Version | undefined;
  #isQuiet = false;
  #isChanged = false;
  #cancelQuiet = () => {};
  #cancelLook = () => {};

  constructor(path: string, timers: Timers, heard: Heard) {
    this.#path = path;
    this.#timers = timers;
    this.#heard = heard;
    this.#backOff = new BackOff(PAUSES, timers);
    this.#open();
  }

  get isListening(): boolean {
    return this.#folder !== undefined;
  }

  close(): void {
    this.#drop();
    this.#backOff.cancel();
    this.#cancelQuiet();
  }

  #open(): void {
    const folder = dirname(this.#path);
    try {
      // Before the watch: a folder that is replaced meanwhile is seen to be another one.
      const identity = identityOf(folder);
      const watcher = watch(folder, (kind, name) => {
        if (name === null || name === basename(this.#path)) this.#folderTold(kind);
        // What happens to the folder itself comes with its own name. A new one may get the number of the old one.
        if (name === basename(folder) && kind === "rename") this.#again();
      });
      watcher.on("error", () => this.#again());
      this.#folder = { watcher, identity };
    } catch {
      this.#again();
      return;
    }
    this.#backOff.reset();
    this.#watchFile();
    this.#look();
  }

  #again(): void {
    this.#drop();
    this.#compare();
    this.#backOff.tryAgain(() => this.#open());
  }

  #watchFile(): void {
    this.#file?.close();
    this.#file = undefined;
    try {
      const watcher = watch(this.#path, (kind) => {
        // That it is gone or replaced, the folder tells.
        if (kind === "change") this.#changed();
      });
      watcher.on("error", () => watcher.close());
      this.#file = watcher;
    } catch {
      // It is not there: the folder will tell.
    }
  }

  #folderTold(kind: string): void {
    // Told twice else.
    if (kind === "change" && this.#file !== undefined) return;
    if (kind === "rename") this.#watchFile();
    this.#changed();
  }

  /** Whether it is the same folder, and whether something has happened that was not told. */
  #look(): void {
    this.#cancelLook();
    if (identityOf(dirname(this.#path)) !== this.#folder?.identity) {
      this.#again();
      return;
    }
    this.#cancelLook = this.#timers.after(LOOK_MS, () => this.#look());
    this.#version ??= versionOf(this.#path);
    this.#compare();
  }

  #compare(): void {
    if (this.#version !== undefined && this.#version !== versionOf(this.#path)) this.#changed();
  }

  #changed(): void {
    if (this.#isQuiet) {
      this.#isChanged = true;
      return;
    }
    const before = this.#version;
    this.#version = versionOf(this.#path);
    this.#isQuiet = true;
    this.#cancelQuiet = this.#timers.after(QUIET_MS, () => {
      this.#isQuiet = false;
      if (!this.#isChanged) return;
      this.#isChanged = false;
      this.#changed();
    });
    this.#heard("file-changed", describe(before, this.#version));
  }

  #drop(): void {
    this.#cancelLook();
    this.#folder?.watcher.close();
    this.#file?.close();
    this.#folder = undefined;
    this.#file = undefined;
  }
}

function describe(before: Version | undefined, after: Version): string {
  if (after === ABSENT) return "the trigger file is gone";
  return before === ABSENT ? "the trigger file is there" : "the trigger file has changed";
}

/** Synchronous, as in `cached-file.ts`: the thread pool may be blocked by a dead disk. */
function versionOf(path: string): Version {
  try {
    const { mtimeNs, ctimeNs, size, ino } = statSync(path, { bigint: true });
    return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
  } catch {
    return ABSENT;
  }
}

function identityOf(folder: string): string {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return ABSENT;
  }
}
