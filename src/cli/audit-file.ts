/** The records in state-dir/audit.jsonl, and the older ones in audit.jsonl.1. */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { parseRecord, type AuditRecord } from "../control/audit-record.ts";
import { codeOf } from "./error-code.ts";

/** Longer ones are nobody's record: a thousand prefixes make 100 KiB. */
const LINE_MAX_CHARS = 16 * 1024 * 1024;

const CHUNK_BYTES = 256 * 1024;

/** One file of records, read on from where it was left; survives its rotation. */
export class AuditFile {
  readonly path: string;
  /** Lines that were no records: torn by a crash, or foreign. */
  foreign = 0;
  #file: FileHandle | undefined;
  #partial = "";
  #position = 0;
  #decoder = new TextDecoder();

  constructor(stateDir: string) {
    this.path = join(stateDir, "audit.jsonl");
  }

  /**
   * What is there, the older file first.
   *
   * @returns undefined if there is none.
   * @throws {Error} A system error: it is there and cannot be read.
   */
  async readAll(): Promise<AuditRecord[] | undefined> {
    const older = await openIfThere(`${this.path}.1`);
    const records: AuditRecord[] = [];
    if (older !== undefined) {
      this.#begin(older);
      records.push(...(await this.#readOn()));
      this.#endOfFile();
      await older.close();
    }
    const current = await openIfThere(this.path);
    if (current === undefined) return older === undefined ? undefined : records;
    this.#begin(current);
    return [...records, ...(await this.#readOn())];
  }

  /** What has come since. Errors are as if nothing had come: the next look may be better. */
  async readNew(): Promise<AuditRecord[]> {
    try {
      const before = await this.#readOn();
      const now = await openIfThere(this.path);
      const isRotated = now !== undefined && !(await this.#isSame(now));
      if (now === undefined || !isRotated) {
        await now?.close();
        return before;
      }
      this.#endOfFile();
      await this.#file?.close();
      this.#begin(now);
      return [...before, ...(await this.#readOn())];
    } catch {
      return [];
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #begin(file: FileHandle): void {
    this.#file = file;
    this.#position = 0;
    this.#partial = "";
    this.#decoder = new TextDecoder();
  }

  /** The last line has no newline only while it is written, or when it was torn. */
  #endOfFile(): void {
    if (this.#partial !== "") this.foreign += 1;
  }

  async #isSame(other: FileHandle): Promise<boolean> {
    const [one, two] = [await this.#file?.stat(), await other.stat()];
    return one?.ino === two.ino && one.dev === two.dev && two.size >= this.#position;
  }

  async #readOn(): Promise<AuditRecord[]> {
    const file = this.#file;
    if (file === undefined) return [];
    const records: AuditRecord[] = [];
    for (;;) {
      const { bytesRead, buffer } = await file.read(
        Buffer.alloc(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        this.#position,
      );
      if (bytesRead === 0) return records;
      this.#position += bytesRead;
      const text = this.#decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
      records.push(...this.#take(text));
    }
  }

  #take(text: string): AuditRecord[] {
    const lines = text.split("\n");
    lines[0] = this.#partial + (lines[0] ?? "");
    this.#partial = (lines.pop() ?? "").slice(0, LINE_MAX_CHARS);
    return lines.flatMap((line) => {
      const record = parseRecord(line);
      if (record === undefined && line !== "") this.foreign += 1;
      return record ?? [];
    });
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // A FIFO would never end.
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw Object.assign(new Error(`"${path}" is not a file`), { code: "not a regular file" });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
