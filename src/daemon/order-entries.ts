/** What the files of one folder of orders said when they were last looked at, and which of them are to go. */
import { join } from "node:path";
import { ALL_SERVICES, type Drain, type Pin, type Undrain } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { type FolderOwner, type OrderFile, readOrderFile } from "./order-file.ts";
import type { Seen } from "./order-times.ts";
import { takeAway } from "./take-away.ts";
import { codeOf } from "./untrusted.ts";

/** More files than there can be services; beyond it somebody fills the folder with rubbish. */
export const FILES_MAX = 10_000;

/** What a file says. */
export type Reading<T> =
  | { readonly kind: "order"; readonly order: T }
  /** It ends the order that it replaced, and is to be consumed. */
  | { readonly kind: "end"; readonly end: Undrain }
  | { readonly kind: "ignored"; readonly problem: string };

export interface OrderFormat<T> {
  readonly read: (file: OrderFile, service: string, seen: Seen) => Reading<T>;
  /** What a file that ends an order stands for while it cannot be taken away. */
  readonly stuck: (end: Undrain, problem: string) => Reading<T>;
}

export interface OrderEntriesOptions<T> {
  readonly folder: string;
  readonly format: OrderFormat<T>;
  readonly clock: Clock;
  /** Throws if the folder is not the one whose files are known. */
  readonly assertSameFolder: () => Promise<void>;
}

interface Entry<T> {
  readonly file: OrderFile;
  readonly seen: Seen;
  readonly reading: Reading<T>;
  /** It ends an order and could not be taken away: tried again at every look. */
  readonly isStuck: boolean;
}

export class OrderEntries<T extends Drain | Pin> {
  readonly #options: OrderEntriesOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  /** What was last told: only that is ever removed as over. */
  #told = new Map<string, Entry<T>>();
  /** Orders that are over, whose files are to go. */
  readonly #over = new Map<string, { readonly id: string; readonly problem: string | undefined }>();
  #ends: Undrain[] = [];
  #isChanged = true;
  /** Of the folder; set before the first look. */
  owner: FolderOwner = { uid: 0, gid: 0 };

  constructor(options: OrderEntriesOptions<T>) {
    this.#options = options;
  }

  get names(): string[] {
    return [...this.#entries.keys(), ...this.#over.keys()];
  }

  /** What is odd about single files. */
  get problems(): string[] {
    const left = [...this.#over.values()].flatMap(({ problem }) => problem ?? []);
    const ignored = [...this.#entries].flatMap(([name, { reading }]) =>
      reading.kind === "ignored" ? [`Ignores "${name}": the file ${reading.problem}`] : [],
    );
    return [...left, ...ignored].toSorted();
  }

  /** All orders that stand and who ended which, if that has changed since the last time. */
  take(): { readonly orders: readonly T[]; readonly ends: readonly Undrain[] } | undefined {
    if (!this.#isChanged && this.#ends.length === 0) return undefined;
    const ends = this.#ends;
    this.#ends = [];
    this.#isChanged = false;
    // What is over does not come back, even if its file cannot be removed.
    const standing = [...this.#entries].filter(
      ([name, { file }]) => this.#over.get(name)?.id !== idOf(file),
    );
    this.#told = new Map(standing.toSorted(([one], [other]) => (one < other ? -1 : 1)));
    const orders = [...this.#told.values()].flatMap(({ reading }) =>
      reading.kind === "order" ? [reading.order] : [],
    );
    return { orders, ends };
  }

  /**
   * Marks an order that was told and is over by itself.
   *
   * @returns Whether there is one: the next look removes its file, unless it is another order's by then.
   */
  expire(name: string): boolean {
    const entry = this.#told.get(name);
    if (entry?.reading.kind !== "order") return false;
    const { endsAtMs } = entry.reading.order;
    if (endsAtMs === undefined || endsAtMs > this.#options.clock.nowMs()) return false;
    this.#over.set(name, { id: idOf(entry.file), problem: undefined });
    return true;
  }

  /**
   * Brings what is known of one file up to date.
   *
   * @returns Whether it has to be looked at again: an operator was at it.
   */
  async look(name: string): Promise<boolean> {
    const { folder, clock, format } = this.#options;
    const before = this.#entries.get(name);
    if (before === undefined && this.#entries.size >= FILES_MAX && name !== ALL_SERVICES)
      return false;
    const isSure = before?.isStuck === false && !this.#over.has(name);
    const knownStamp = isSure ? before.file.stamp : "";
    const file = await readOrderFile(join(folder, name), this.owner, knownStamp, clock.wallMs());
    if (file === "same") return false;
    if (file === undefined) {
      // In a folder that was moved away, nothing was ended.
      if (before !== undefined) await this.#options.assertSameFolder();
      this.#forget(name);
      return false;
    }
    const id = idOf(file);
    if (this.#over.get(name)?.id === id) return this.#removeOver(name, id);
    this.#over.delete(name);
    // As long as the content stays, so do its moments: steps of the wall clock do not move them.
    const isKnown = before !== undefined && idOf(before.file) === id;
    const seen = isKnown ? before.seen : this.#see(file);
    const reading = format.read(file, name, seen);
    if (reading.kind === "end") return this.#consume(name, file, seen, reading.end);
    this.#put(name, { file, seen, reading, isStuck: false });
    return false;
  }

  /** Whether the file at `path` ends an order, or is gone. */
  async isEnd(path: string, name: string): Promise<boolean> {
    const file = await this.#readNow(path);
    if (file === undefined) return true;
    return this.#options.format.read(file, name, this.#see(file)).kind === "end";
  }

  async #consume(name: string, file: OrderFile, seen: Seen, end: Undrain): Promise<boolean> {
    const { folder, format } = this.#options;
    try {
      if (!(await takeAway(folder, name, (path) => this.isEnd(path, name)))) return true;
      this.#ends.push(end);
      this.#forget(name);
    } catch (error) {
      const problem = `ends an order and cannot be taken away: ${codeOf(error)}`;
      const reading = format.stuck(end, problem);
      // Where it ends the order all the same, that is told once.
      if (reading.kind === "ignored" && this.#entries.get(name)?.isStuck !== true) {
        this.#ends.push(end);
      }
      this.#put(name, { file, seen, reading, isStuck: true });
    }
    return false;
  }

  async #removeOver(name: string, id: string): Promise<boolean> {
    try {
      const isGone = await takeAway(this.#options.folder, name, async (path) => {
        const file = await this.#readNow(path);
        return file === undefined || idOf(file) === id;
      });
      this.#over.delete(name);
      if (isGone) this.#forget(name);
      return !isGone;
    } catch (error) {
      const problem = `Cannot remove "${name}", which is over: ${codeOf(error)}`;
      this.#over.set(name, { id, problem });
      return false;
    }
  }

  async #readNow(path: string): Promise<OrderFile | undefined> {
    const file = await readOrderFile(path, this.owner, "", this.#options.clock.wallMs());
    return file === "same" ? undefined : file;
  }

  #see({ changedMs }: OrderFile): Seen {
    const { clock } = this.#options;
    return { nowMs: clock.nowMs(), wallMs: clock.wallMs(), changedMs };
  }

  #put(name: string, entry: Entry<T>): void {
    const before = this.#entries.get(name)?.reading;
    this.#isChanged ||= JSON.stringify(before) !== JSON.stringify(entry.reading);
    this.#entries.set(name, entry);
  }

  #forget(name: string): void {
    this.#over.delete(name);
    if (this.#entries.delete(name)) this.#isChanged = true;
  }
}

/** The same owner has said the same. */
function idOf({ uid, text, problem }: OrderFile): string {
  return JSON.stringify([uid, text ?? { problem }]);
}
