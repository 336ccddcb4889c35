/** Logs: JSON lines to the journal, or on stderr, which ExaBGP shares and which nobody may be reading. */
import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { pino, type Logger } from "pino";
import { safeJsonLine } from "../control/unsafe-text.ts";
import type { Clock } from "./clock.ts";
import { JournalStream } from "./journal-stream.ts";
import { codeOf } from "./untrusted.ts";

export type Log = Logger;

/** What a stalled reader of stderr may cost: some thousand lines. */
const BACKLOG_MAX_BYTES = 256 * 1024;

/** How often a stalled reader is tried again. */
const RETRY_MS = 50;

/**
 * @param level Of pino: `debug` shows every result.
 * @param journalSocket Of journald's streams; undefined: stderr.
 */
export function createLog(clock: Clock, level: string, journalSocket?: string): Log {
  const stderr = new LogStream(openStderr(), clock);
  let stream: { write(line: string): void } = stderr;
  if (journalSocket !== undefined) {
    const journal = new JournalStream({ path: journalSocket, clock, fallback: stderr });
    process.on("exit", () => journal.rescue());
    stream = journal;
  }
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.wallMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    // JSON leaves in what some terminals obey, such as C1 controls.
    { write: (line: string) => stream.write(`${safeJsonLine(line.trimEnd())}\n`) },
  );
}

/**
 * Writes at once, so that the last line before a crash is not lost; keeps a bounded backlog when the reader
 * stalls, and then drops and counts.
 */
export class LogStream {
  readonly #fd: number;
  readonly #clock: Clock;
  #backlog: Buffer[] = [];
  #backlogBytes = 0;
  #dropped = 0;
  #retrying = false;

  constructor(fd: number, clock: Clock) {
    this.#fd = fd;
    this.#clock = clock;
  }

  /** Lines that nobody will read. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#backlogBytes + bytes.length > BACKLOG_MAX_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    if (!this.#retrying) this.#drain();
  }

  #drain(): void {
    this.#retrying = false;
    for (let line = this.#backlog[0]; line !== undefined; line = this.#backlog[0]) {
      const written = this.#tryWrite(line);
      this.#backlogBytes -= written;
      if (written < line.length) {
        this.#backlog[0] = line.subarray(written);
        this.#retrying = true;
        this.#clock.after(RETRY_MS, () => this.#drain());
        return;
      }
      this.#backlog.shift();
    }
  }

  /** How many bytes the reader took; what can never be written counts as taken. */
  #tryWrite(bytes: Buffer): number {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      if (codeOf(error) === "EAGAIN") return 0;
      this.#dropped += 1;
      return bytes.length;
    }
  }
}

/**
 * A description of stderr of our own, which does not block. Setting O_NONBLOCK on fd 2 itself would set it for
 * ExaBGP too, and for good. Only pipes can block for long; files and terminals are written as they are.
 */
function openStderr(): number {
  if (!fstatSync(2).isFIFO()) return 2;
  try {
    return openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // The pipe belongs to another user; fd 2 still works.
    return 2;
  }
}
