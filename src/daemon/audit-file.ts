/** `audit.jsonl`: the records on disk, synced, bounded, and never in the way of a route. */
import { constants } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { recordLine, type AuditRecord } from "../control/audit-record.ts";
import { endsWithin, lastRecord, recentRecords } from "./audit-tail.ts";
import type { Clock } from "./clock.ts";
import { recordCount } from "./record-count.ts";

/** With one older file beside it: some ten thousand records. */
const FILE_MAX_BYTES = 8 * 1024 * 1024;

/** What a disk that is full or stalls may cost; a PoP makes a few records an hour. */
const QUEUE_MAX = 10_000;

/** A full disk may have been cleared by then. */
const RETRY_MS = 5000;

/** Not waiting for the reader of a FIFO that somebody has put there: a thread would hang, and with it every flush. */
const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
const OPEN = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

/** Of a record that a full disk has cut: no record itself. */
const LINE_END = "\n";

export interface AuditFileOptions {
  readonly stateDir: string;
  /** The kernel's id of this boot. */
  readonly boot: string;
  readonly clock: Clock;
  /** Why records are not on disk, and how many; undefined when all are. Each is in the log all the same. */
  readonly problem: (detail: string | undefined) => void;
  /** So many records will never be on disk: told when it takes others again. */
  readonly lost: (count: number) => void;
}

export class AuditFile {
  readonly #path: string;
  readonly #options: AuditFileOptions;
  readonly #queue: string[] = [];
  #writing: Promise<void> | undefined;
  #cancelRetry = () => {};
  #lost = 0;
  #toldLost = 0;
  #seq: number;

  constructor(options: AuditFileOptions) {
    this.#path = join(options.stateDir, "audit.jsonl");
    this.#options = options;
    const last = lastRecord(this.#path) ?? lastRecord(`${this.#path}.1`);
    // A respawned agent goes on counting.
    this.#seq = last?.boot === options.boot ? last.seq : 0;
    this.#startLine();
  }

  /** How many records will never be on disk. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether the record of this decision is among the last ones of earlier lives. */
  has({ boot, at, service, from, to }: Omit<AuditRecord, "seq">): boolean {
    return recentRecords(this.#path).some(
      (one) =>
        one.boot === boot &&
        one.at === at &&
        one.service === service &&
        one.from === from &&
        one.to === to,
    );
  }

  /** Numbers the record and writes it soon. */
  append(record: Omit<AuditRecord, "seq">): AuditRecord {
    const { v, ...rest } = record;
    const numbered: AuditRecord = { v, seq: (this.#seq += 1), ...rest };
    if (this.#queue.length >= QUEUE_MAX) this.#lost += 1;
    else this.#queue.push(`${recordLine(numbered)}\n`);
    this.#writing ??= this.#write();
    return numbered;
  }

  /** Resolves when everything is on disk, or the disk has refused it. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { problem, lost, clock } = this.#options;
    try {
      while (this.#queue.length > 0) await this.#writeQueue();
      if (this.#lost > this.#toldLost) lost(this.#lost - this.#toldLost);
      this.#toldLost = this.#lost;
      problem(undefined);
    } catch (error) {
      const waiting = this.#queue.filter((line) => line !== LINE_END).length;
      const count = waiting + this.#lost - this.#toldLost;
      problem(`${recordCount(count)} not on disk: ${String(error)}`);
      this.#startLine();
      // Each record tries anew, and would leave a timer of its own.
      this.#cancelRetry();
      this.#cancelRetry = clock.after(RETRY_MS, () => {
        // With nothing to write it would be over before it is known as what is under way, and stand there for good.
        if (this.#queue.length > 0) this.#writing ??= this.#write();
      });
    }
    this.#writing = undefined;
  }

  async #writeQueue(): Promise<void> {
    await this.#rotate();
    const file = await open(this.#path, OPEN, 0o640);
    try {
      if (!(await file.stat()).isFile()) throw new Error(`"${this.#path}" is not a regular file`);
      for (let line = this.#queue[0]; line !== undefined; line = this.#queue[0]) {
        await file.appendFile(line);
        this.#queue.shift();
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #rotate(): Promise<void> {
    const size = await stat(this.#path).then(
      (file) => file.size,
      () => 0,
    );
    if (size > FILE_MAX_BYTES) await rename(this.#path, `${this.#path}.1`);
  }

  /** A crash or a full disk may have cut the last line short: the next one must not be glued to it. */
  #startLine(): void {
    if (endsWithin(this.#path) && this.#queue[0] !== LINE_END) this.#queue.unshift(LINE_END);
  }
}
