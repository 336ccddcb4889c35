/** A folder of orders, one file for each service: drains or pins. Its files are looked at as soon as they change. */
import { readdir } from "node:fs/promises";
import { ALL_SERVICES, type Drain, type Pin, type Undrain } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { FolderWatch } from "./folder-watch.ts";
import { FILES_MAX, OrderEntries, type OrderFormat } from "./order-entries.ts";
import { clearAside } from "./take-away.ts";

/** With a working watch the folder is read again only in case an event was lost. */
const RESCAN_MS = 1000;

/** Without one (the kernel's limit of inotify watches is spent) a change must still be seen within 100 ms. */
const RESCAN_BLIND_MS = 80;

/** A folder that somebody filled with rubbish is read less often: it rests so many times what reading it takes. */
const RESCAN_PACE = 10;

/** So many files are read at a time; the threads of Node.js that read them are four. */
const BATCH_FILES = 8;

/** What a file may be called: a service, or the whole PoP. */
export const FILE_NAME = /^(?:_all|[a-z0-9][a-z0-9-]{0,62})$/;

/** So many problems are named; the others are counted. */
const PROBLEMS_MAX = 5;

export interface OrderFolderOptions<T> {
  readonly folder: string;
  readonly format: OrderFormat<T>;
  readonly clock: Clock;
  /** All orders that stand, whenever that changed, and who ended which. */
  readonly changed: (orders: readonly T[], ends: readonly Undrain[]) => void;
  /**
   * `unreadable`: the orders last seen stand on. `odd`: something about the folder, or about files that are no
   * orders. A text of undefined: it is over.
   */
  readonly problem: (text: string | undefined, kind: "unreadable" | "odd") => void;
}

export class OrderFolder<T extends Drain | Pin> {
  readonly #options: OrderFolderOptions<T>;
  readonly #watch: FolderWatch;
  readonly #entries: OrderEntries<T>;
  /** Files that something happened to. */
  readonly #hints = new Set<string>();
  /** About the folder as a whole. */
  #problems: readonly string[] = [];
  readonly #said = { unreadable: "", odd: "" };
  #isFullDue = true;
  /** Nothing is told before everything has been read once. */
  #isRead = false;
  #isRunning = false;
  #isStopped = false;
  #cancel = () => {};

  constructor(options: OrderFolderOptions<T>) {
    const { folder, format, clock } = options;
    this.#options = options;
    this.#watch = new FolderWatch(folder, (name) => this.#hear(name));
    const assertSameFolder = () => this.#watch.assertSame();
    this.#entries = new OrderEntries({ folder, format, clock, assertSameFolder });
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** Resolves after the first try to read the folder. Until one succeeds, `changed` is not called. */
  start(): Promise<void> {
    return this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    this.#watch.close();
  }

  /** Removes the file of an order that was told and is over by itself, unless it is another order's by now. */
  expire(service: string): void {
    if (this.#entries.expire(service)) this.#hear(service);
  }

  /** @param name undefined: something happened to the folder. */
  #hear(name: string | undefined): void {
    if (name === undefined) this.#isFullDue = true;
    else if (FILE_NAME.test(name)) this.#hints.add(name);
    else return;
    void this.#run();
  }

  /** One look at a time: what is heard meanwhile is looked at next. */
  async #run(): Promise<void> {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    this.#cancel();
    const beganMs = this.#options.clock.nowMs();
    while (!this.#isStopped && (this.#isFullDue || this.#hints.size > 0)) {
      try {
        if (this.#isFullDue) await this.#lookAtAll();
        else await this.#lookAtHints();
      } catch (error) {
        // The orders last seen stand on: a folder that vanished is no reason to announce.
        this.#watch.close();
        this.#hints.clear();
        const { folder } = this.#options;
        this.#say("unreadable", [`Cannot read the folder "${folder}": ${String(error)}`]);
      }
    }
    this.#isRunning = false;
    if (this.#isStopped) return;
    const tookMs = this.#options.clock.nowMs() - beganMs;
    const pauseMs = this.#watch.isOn
      ? Math.max(RESCAN_MS, RESCAN_PACE * tookMs)
      : Math.max(RESCAN_BLIND_MS, tookMs);
    this.#cancel = this.#options.clock.after(pauseMs, () => this.#hear(undefined));
  }

  async #lookAtAll(): Promise<void> {
    this.#isFullDue = false;
    const { folder } = this.#options;
    const { stats, problem } = await this.#watch.renew();
    this.#entries.owner = stats;
    const problems = problem === undefined ? [] : [problem];
    if ((stats.mode & 0o002) !== 0) {
      problems.push(`Everybody may write in "${folder}"; allowed: its owner and its group`);
    }
    problems.push(...(await clearAside(folder, (path, name) => this.#entries.isEnd(path, name))));
    const all = (await readdir(folder)).filter((name) => !name.startsWith("."));
    const usable = all.filter((name) => FILE_NAME.test(name)).toSorted();
    if (usable.length < all.length) {
      problems.push(`Ignores ${all.length - usable.length} files that are not named as a service`);
    }
    if (usable.length > FILES_MAX) {
      problems.push(`Reads only ${FILES_MAX} of ${usable.length} files`);
    }
    // What stands for the whole PoP must not be cut off.
    if (usable.includes(ALL_SERVICES)) usable.unshift(ALL_SERVICES);
    const taken = [...new Set(usable)].slice(0, FILES_MAX);
    const names = [...new Set([...taken, ...this.#entries.names])];
    for (let at = 0; at < names.length; at += BATCH_FILES) {
      // What has just changed does not wait for what has long been there.
      if (this.#isRead && this.#hints.size > 0) await this.#lookAtHints();
      await this.#lookAt(names.slice(at, at + BATCH_FILES));
    }
    this.#problems = problems;
    this.#isRead = true;
    this.#say("unreadable", []);
    this.#tell();
  }

  async #lookAtHints(): Promise<void> {
    const names = [...this.#hints].slice(0, BATCH_FILES);
    for (const name of names) this.#hints.delete(name);
    await this.#lookAt(names);
    if (this.#isRead) this.#tell();
  }

  /** @param names Each once: nobody may look at a file that is being taken away. */
  async #lookAt(names: readonly string[]): Promise<void> {
    const looks = names.map(async (name) => {
      if (await this.#entries.look(name)) this.#hints.add(name);
    });
    // Not before all have ended: a later look must not meet one that is still under way.
    const failed = (await Promise.allSettled(looks)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  #tell(): void {
    if (this.#isStopped) return;
    this.#say("odd", [...this.#problems, ...this.#entries.problems]);
    const news = this.#entries.take();
    if (news !== undefined) this.#options.changed(news.orders, news.ends);
  }

  #say(kind: "unreadable" | "odd", problems: readonly string[]): void {
    const more = problems.length - PROBLEMS_MAX;
    const named = problems.slice(0, PROBLEMS_MAX).join("; ");
    const text = more > 0 ? `${named}; and ${more} more` : named;
    if (text === this.#said[kind]) return;
    this.#said[kind] = text;
    this.#options.problem(text === "" ? undefined : text, kind);
  }
}
