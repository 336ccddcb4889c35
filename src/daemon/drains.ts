/** The folder of drain files: read again on every change, and every second in case a change was not heard. */
import { type FSWatcher, watch } from "node:fs";
import { link, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { ALL_SERVICES, type Drain, type Undrain } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { drainOf, readDrainFile } from "./drain-file.ts";
import { codeOf } from "./untrusted.ts";

/** With a working watch the folder is read again only in case an event was lost. */
const RESCAN_MS = 1000;

/** Without one (the kernel's limit of inotify watches is spent) a change must still be seen within 100 ms. */
const RESCAN_BLIND_MS = 80;

/** More files than there can be services; beyond it somebody fills the folder with rubbish. */
const FILES_MAX = 10_000;

/** What a drain file may be called: a service, or the whole PoP. */
const FILE_NAME = /^(?:_all|[a-z0-9][a-z0-9-]{0,62})$/;

/** Undrain files on their way out; dotfiles are nobody's drains. */
const ASIDE = ".consumed-";

export interface DrainFolderOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** All drains that stand, whenever that changed, and who ended which. */
  readonly changed: (drains: readonly Drain[], undrains: readonly Undrain[]) => void;
  /** Something about the folder, not about one drain; undefined when it is over. */
  readonly problem: (detail: string | undefined) => void;
}

export class DrainFolder {
  readonly #options: DrainFolderOptions;
  #watcher: FSWatcher | undefined;
  #watchedInode = 0;
  #last = "";
  #problem: string | undefined;
  #lastProblem: string | undefined;
  #scanning = false;
  #again = false;
  #stopped = false;
  #cancel = () => {};

  constructor(options: DrainFolderOptions) {
    this.#options = options;
  }

  /** Resolves after the first try to read the folder. Until one succeeds, `changed` is not called. */
  async start(): Promise<void> {
    await this.#scan();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#unwatch();
  }

  async #scan(): Promise<void> {
    if (this.#stopped) return;
    if (this.#scanning) {
      this.#again = true;
      return;
    }
    this.#scanning = true;
    this.#cancel();
    do {
      this.#again = false;
      try {
        this.#problem = undefined;
        await this.#rewatch();
        await this.#read();
      } catch (error) {
        // The drains last seen stand on: a folder that vanished is no reason to announce.
        this.#unwatch();
        this.#problem = `Cannot read the drain folder "${this.#options.folder}": ${String(error)}`;
      }
      if (this.#problem !== this.#lastProblem) this.#options.problem(this.#problem);
      this.#lastProblem = this.#problem;
    } while (this.#again);
    this.#scanning = false;
    const pauseMs = this.#watcher === undefined ? RESCAN_BLIND_MS : RESCAN_MS;
    this.#cancel = this.#options.clock.after(pauseMs, () => void this.#scan());
  }

  async #read(): Promise<void> {
    const { folder } = this.#options;
    for (const name of await readdir(folder)) {
      if (!name.startsWith(ASIDE)) continue;
      await this.#putBack(name).catch((error: unknown) => {
        this.#problem = `Cannot clear "${name}" away: ${codeOf(error)}`;
      });
    }
    const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
    const drains: Drain[] = [];
    const undrains: Undrain[] = [];
    const usable = names.filter((name) => FILE_NAME.test(name)).toSorted();
    if (usable.length < names.length) {
      this.#problem = `Ignores ${names.length - usable.length} files that are not named as a service`;
    }
    if (usable.length > FILES_MAX) {
      this.#problem = `Reads only ${FILES_MAX} of ${usable.length} drain files`;
      // What stands for the whole PoP must not be cut off.
      if (usable.includes(ALL_SERVICES)) usable.unshift(ALL_SERVICES);
    }
    for (const name of new Set(usable.slice(0, FILES_MAX))) {
      const path = join(folder, name);
      const file = await readDrainFile(path, name);
      if (file === undefined) continue;
      if (file.kind === "drain") {
        drains.push(file.drain);
        continue;
      }
      try {
        if (await this.#consume(name)) undrains.push(file.undrain);
      } catch (error) {
        // One file must not make the agent deaf to the others, and what cannot be ended stands.
        const problem = `is an undrain that cannot be taken away: ${codeOf(error)}`;
        drains.push({ ...drainOf(file.undrain), problem });
      }
    }
    const now = JSON.stringify(drains);
    if (now === this.#last && undrains.length === 0) return;
    this.#last = now;
    this.#options.changed(drains, undrains);
  }

  /**
   * Takes an undrain file away. Moved aside first and looked at again, because an operator may have replaced it
   * by a drain in between; that drain is put back, unless a newer file already stands there.
   */
  async #consume(name: string): Promise<boolean> {
    const aside = ASIDE + name;
    await rename(join(this.#options.folder, name), join(this.#options.folder, aside));
    return !(await this.#putBack(aside));
  }

  /** @returns Whether what was moved aside is a drain; also after a crash in the middle of `#consume`. */
  async #putBack(aside: string): Promise<boolean> {
    const path = join(this.#options.folder, aside);
    const name = aside.slice(ASIDE.length);
    const taken = await readDrainFile(path, name);
    const isDrain = taken?.kind === "drain";
    if (isDrain) {
      await link(path, join(this.#options.folder, name)).catch((error: unknown) => {
        if (codeOf(error) !== "EEXIST") throw error;
      });
    }
    await unlink(path);
    // Last: a file that cannot be cleared away must not be tried again at once.
    this.#again ||= isDrain;
    return isDrain;
  }

  /** Watches the folder that is there now: one that was removed and made again is another. */
  async #rewatch(): Promise<void> {
    const { ino } = await stat(this.#options.folder);
    if (this.#watcher !== undefined && ino === this.#watchedInode) return;
    this.#unwatch();
    try {
      this.#watcher = watch(this.#options.folder, () => void this.#scan());
      this.#watcher.on("error", () => this.#unwatch());
      this.#watchedInode = ino;
    } catch (error) {
      this.#problem = `Cannot watch the drain folder, reads it often instead: ${String(error)}`;
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
