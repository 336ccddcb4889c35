/** `holds.json`: when prefixes were withdrawn and came back, so that no respawn or reboot ends a hold. */
import { join } from "node:path";
import { parsePrefix } from "../config/prefix.ts";
import type { Flap, Flaps } from "../core/damping.ts";
import type { Moment } from "../core/status.ts";
import { type Clock, createMoments } from "./clock.ts";
import { type Disk, SYSTEM_DISK } from "./disk.ts";
import type { Problems } from "./problems.ts";
import { codeOf, isObject, parseObject } from "./untrusted.ts";

/** As many prefixes as a configuration may have, each with as many withdrawals as are kept, take 72 MB. */
const FILE_MAX_BYTES = 96 * 1024 * 1024;

/** The configuration's limit, and as many that it had before. */
const PREFIXES_MAX = 20_000;

/** More of one prefix are not kept by the core either. */
const FLAPS_MAX = 128;

/** What a full disk refused is tried again. */
const RETRY_MS = 5000;

/** Not worth a file. */
const NOTHING = textOf({});

/** Readable by the group, as all in state-dir; nothing in it is a secret. */
const MODE = 0o640;

export class HoldsFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #moment: () => Moment;
  readonly #problems: Pick<Problems, "report" | "clear">;
  readonly #disk: Disk;
  #history: Flaps = new Map();
  #isDue = false;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  #isUnsynced = false;
  #isSyncing = false;
  #synced: Promise<void> = Promise.resolve();
  #saved = NOTHING;
  #cancelRetry = () => {};

  constructor(
    stateDir: string,
    clock: Clock,
    problems: Pick<Problems, "report" | "clear">,
    disk = SYSTEM_DISK,
  ) {
    this.#path = join(stateDir, "holds.json");
    this.#clock = clock;
    this.#moment = createMoments(clock);
    this.#problems = problems;
    this.#disk = disk;
  }

  /**
   * Withdrawals of earlier lives, on this life's monotonic clock. What a clock that was set back makes future was now:
   * then a hold is longer, not shorter. What cannot be understood is left out and reported; a file that is no such
   * file at all is moved aside.
   */
  load(): Map<string, Flap[]> {
    try {
      const size = this.#disk.size(this.#path);
      // What it says is known only to the parser: also an empty history is news to it.
      this.#saved = "";
      if (size > FILE_MAX_BYTES) throw new TypeError(`it has ${size} bytes`);
      const { history, odd } = parse(this.#disk.read(this.#path), this.#moment());
      if (odd > 0) this.#report(`Ignores ${odd} entries of "${this.#path}" that make no sense`);
      return history;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return new Map();
      this.#report(`Cannot use "${this.#path}", moved to holds.json.bad: ${String(error)}`);
      try {
        this.#disk.moveAside(this.#path);
      } catch {
        // On a read-only disk it stays where it is.
      }
      return new Map();
    }
  }

  /** Writes it down as soon as the disk can, the last one when there are several. Never throws, never blocks. */
  save(history: Flaps): void {
    this.#history = history;
    this.#isDue = true;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#written = this.#write();
  }

  /** Resolves when all is on disk, or was refused. */
  async flush(): Promise<void> {
    this.#cancelRetry();
    await this.#written;
    await this.#synced;
  }

  async #write(): Promise<void> {
    this.#cancelRetry();
    try {
      while (this.#isDue) {
        this.#isDue = false;
        const text = this.#text();
        if (text === this.#saved) continue;
        await this.#disk.replaceSoon(this.#path, text, MODE);
        this.#saved = text;
        this.#isUnsynced = true;
        if (!this.#isSyncing) this.#synced = this.#sync();
        this.#problems.clear("holds-file");
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isWriting = false;
    }
  }

  /** On its own: a busy disk takes a second, and the next agent's first announcement must not be faster. */
  async #sync(): Promise<void> {
    this.#isSyncing = true;
    try {
      while (this.#isUnsynced) {
        this.#isUnsynced = false;
        await this.#syncOnce();
      }
    } catch (error) {
      this.#saved = "";
      this.#failed(error);
    } finally {
      this.#isSyncing = false;
    }
  }

  /** @throws {NodeJS.ErrnoException} If the disk is broken; not if the file is just being replaced. */
  async #syncOnce(): Promise<void> {
    try {
      await this.#disk.sync(this.#path);
    } catch (error) {
      // For a moment the file has no name: the one that gets it is synced next.
      if (codeOf(error) !== "ENOENT" || !(this.#isWriting || this.#isUnsynced)) throw error;
    }
  }

  #failed(error: unknown): void {
    this.#report(`Cannot write: a respawn may end a hold: ${String(error)}`);
    this.#cancelRetry();
    this.#cancelRetry = this.#clock.after(RETRY_MS, () => this.save(this.#history));
  }

  #report(detail: string): void {
    this.#problems.report("holds-file", detail);
  }

  #text(): string {
    const { nowMs, wallMs } = this.#moment();
    const date = (ms: number) => new Date(Math.round(wallMs - (nowMs - ms))).toISOString();
    const entries = [...this.#history].map(([prefix, flaps]) => {
      const dates = flaps.map(({ withdrawnMs, returnedMs }) =>
        returnedMs === undefined ? [date(withdrawnMs)] : [date(withdrawnMs), date(returnedMs)],
      );
      return [prefix, dates] as const;
    });
    return textOf(Object.fromEntries(entries));
  }
}

/** @param flaps Dates of a withdrawal and, where there was one, of the return from it. */
function textOf(flaps: Readonly<Record<string, readonly (readonly string[])[]>>): string {
  return `${JSON.stringify({ flaps })}\n`;
}

function parse(
  text: string,
  { nowMs, wallMs }: Moment,
): { readonly history: Map<string, Flap[]>; readonly odd: number } {
  const { flaps } = parseObject(text);
  if (!isObject(flaps)) throw new TypeError("it is not {flaps}");
  const msOf = (date: unknown): number => {
    const ms = typeof date === "string" ? Date.parse(date) : NaN;
    return nowMs - Math.max(0, wallMs - ms);
  };
  const history = new Map<string, Flap[]>();
  let odd = 0;
  for (const [key, entries] of Object.entries(flaps)) {
    const prefix = parsePrefix(key)?.text;
    if (prefix === undefined || !Array.isArray(entries) || history.size >= PREFIXES_MAX) {
      odd += 1;
      continue;
    }
    const known = entries.flatMap((entry: unknown): Flap[] => {
      if (!Array.isArray(entry)) return [];
      const [withdrawnMs, returnedMs] = [msOf(entry[0]), msOf(entry[1])];
      if (Number.isNaN(withdrawnMs)) return [];
      return [{ withdrawnMs, returnedMs: Number.isNaN(returnedMs) ? undefined : returnedMs }];
    });
    odd += entries.length - known.length;
    const kept = known.toSorted((one, other) => one.withdrawnMs - other.withdrawnMs);
    if (kept.length > 0) history.set(prefix, kept.slice(-FLAPS_MAX));
  }
  return { history, odd };
}
