/** Hears of changes in one folder by inotify. */
import { type FSWatcher, type Stats, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";

export class FolderWatch {
  readonly #folder: string;
  readonly #heard: (name: string | undefined) => void;
  #watcher: FSWatcher | undefined;
  #inode = 0;

  /** @param heard Something happened to this file, or, without a name, to the folder. */
  constructor(folder: string, heard: (name: string | undefined) => void) {
    this.#folder = folder;
    this.#heard = heard;
  }

  get isOn(): boolean {
    return this.#watcher !== undefined;
  }

  /**
   * Watches the folder that is there now: one that was removed and made again is another.
   *
   * @throws {NodeJS.ErrnoException} If there is none.
   */
  async renew(): Promise<{ readonly stats: Stats; readonly problem: string | undefined }> {
    const stats = await stat(this.#folder);
    if (this.isOn && stats.ino === this.#inode) return { stats, problem: undefined };
    this.close();
    this.#inode = stats.ino;
    try {
      this.#watcher = watch(this.#folder, (_, name) => this.#onEvent(name));
      this.#watcher.on("error", () => this.close());
      return { stats, problem: undefined };
    } catch (error) {
      const problem = `Cannot watch "${this.#folder}", reads it often instead: ${String(error)}`;
      return { stats, problem };
    }
  }

  /** @throws {Error} If the folder is not the one that was seen by `renew`. */
  async assertSame(): Promise<void> {
    const { ino } = await stat(this.#folder);
    if (ino !== this.#inode) throw new Error("it was replaced while it was read");
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** What happens to the folder itself comes with its own name, which may be a file's too. */
  #onEvent(name: string | null): void {
    if (name === null || name === basename(this.#folder)) this.#heard(undefined);
    if (name !== null) this.#heard(name);
  }
}
