/** `audit.jsonl`: the records on disk, synced, bounded, and never in the way of a route. */
import { readFileSync } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AuditRecord } from "./audit.ts";
import { parseObject } from "./untrusted.ts";

/** With one older file beside it: some ten thousand records. */
const FILE_MAX_BYTES = 8 * 1024 * 1024;

/** What a disk that stalls may cost; a PoP makes a few records an hour. */
const QUEUE_MAX = 10_000;

export class AuditFile {
  readonly #path: string;
  readonly #boot: string;
  readonly #lost: (count: number, error: unknown) => void;
  #queue: string[] = [];
  #writing: Promise<void> | undefined;
  #seq: number;

  /** @param lost Called when records could not be written; they are in the log all the same. */
  constructor(stateDir: string, boot: string, lost: (count: number, error: unknown) => void) {
    this.#path = join(stateDir, "audit.jsonl");
    this.#boot = boot;
    this.#lost = lost;
    this.#seq = this.#lastSeq();
    if (this.#isTorn()) this.#queue.push("\n");
  }

  /** Numbers the record and writes it soon. */
  append(record: Omit<AuditRecord, "seq">): AuditRecord {
    const { v, ...rest } = record;
    const numbered: AuditRecord = { v, seq: (this.#seq += 1), ...rest };
    if (this.#queue.length >= QUEUE_MAX) this.#lost(1, new Error("the disk does not keep up"));
    else this.#queue.push(`${JSON.stringify(numbered)}\n`);
    this.#writing ??= this.#write();
    return numbered;
  }

  /** Resolves when everything is on disk, or lost. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const lines = this.#queue;
      this.#queue = [];
      try {
        await this.#rotate();
        const file = await open(this.#path, "a", 0o640);
        try {
          await file.appendFile(lines.join(""));
          await file.datasync();
        } finally {
          await file.close();
        }
      } catch (error) {
        this.#lost(lines.length, error);
      }
    }
    this.#writing = undefined;
  }

  async #rotate(): Promise<void> {
    const size = await stat(this.#path).then(
      (file) => file.size,
      () => 0,
    );
    if (size > FILE_MAX_BYTES) await rename(this.#path, `${this.#path}.1`);
  }

  /** Whether a crash cut the last line short: the next one must not be glued to it. */
  #isTorn(): boolean {
    try {
      return !readFileSync(this.#path, "utf8").endsWith("\n");
    } catch {
      return false;
    }
  }

  /** The last number of this boot, so that a respawned agent goes on counting. */
  #lastSeq(): number {
    for (const path of [this.#path, `${this.#path}.1`]) {
      let text: string;
      try {
        text = readFileSync(path, "utf8");
      } catch {
        continue;
      }
      // A crash may have torn the last line.
      for (const line of text.trimEnd().split("\n").slice(-2).toReversed()) {
        const record = parse(line);
        if (record !== undefined) return record.boot === this.#boot ? record.seq : 0;
      }
    }
    return 0;
  }
}

function parse(line: string): { boot: string; seq: number } | undefined {
  try {
    const { boot, seq } = parseObject(line);
    return typeof boot === "string" && typeof seq === "number" ? { boot, seq } : undefined;
  } catch {
    return undefined;
  }
}
