/** The one writer of ExaBGP's commands. */
import { writeSync } from "node:fs";
import { isCommandLine } from "./grammar.ts";
import type { Timers } from "./timers.ts";

/** Four times a full pipe: a reader that leaves this unread has stopped, and more would only be memory. */
export const BACKLOG_BYTES_MAX = 262_144;

/** A full pipe has no event for writers of plain descriptors, so it is tried again after this. */
const RETRY_MS = 5;

const NEWLINE = 0x0a;

/** Who else may write to the descriptor, from another thread of this process. */
export interface WriteGuard {
  /** Before bytes are written. @returns false: not now; it is asked again after a while. */
  enter(): boolean;
  /** After each `enter` that said yes. @param isPartial The last bytes in the pipe are no whole line. */
  leave(isPartial: boolean): void;
}

const NOBODY_ELSE: WriteGuard = { enter: () => true, leave: () => {} };

export interface LineWriterOptions {
  /** 1 in a process that ExaBGP runs. */
  readonly fd: number;
  readonly timers: Timers;
  /** The reader is gone (EPIPE) or the descriptor broken: nothing is written any more. Called once. */
  readonly failed: (error: Error) => void;
  /** Default: nobody else writes. */
  readonly guard?: WriteGuard;
}

/**
 * Writes whole lines in order and never half a line between two others. It does not go through
 * `process.stdout`, which queues without bound; another library may still make the descriptor
 * non-blocking, so a full pipe and a partial write are kept and tried again.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #guard: WriteGuard;
  #backlog: Buffer = Buffer.alloc(0);
  /** What is in the pipe ends within a line. */
  #isPartial = false;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: LineWriterOptions) {
    this.#options = options;
    this.#guard = options.guard ?? NOBODY_ELSE;
  }

  /** Bytes accepted and not yet in the pipe. */
  get backlogBytes(): number {
    return this.#backlog.length;
  }

  /**
   * Writes `line`, given without its newline. Bound, so that it can be handed out as a function.
   * Does nothing once the writer has failed or is closed.
   *
   * @throws {RangeError} If `line` is outside the closed grammar of commands, or the backlog is full; nothing is written.
   */
  readonly write = (line: string): void => {
    if (!isCommandLine(line)) {
      throw new RangeError("Cannot write line: it is outside the grammar of commands");
    }
    if (this.#closed) return;
    if (this.#backlog.length + line.length + 1 > BACKLOG_BYTES_MAX) {
      throw new RangeError(`Cannot write line: ${this.#backlog.length} bytes are unread already`);
    }
    const bytes = Buffer.from(`${line}\n`, "latin1");
    this.#backlog = this.#backlog.length === 0 ? bytes : Buffer.concat([this.#backlog, bytes]);
    if (this.#cancelRetry === undefined) this.#flush();
  };

  /** Drops what is not in the pipe. */
  close(): void {
    this.#closed = true;
    this.#backlog = Buffer.alloc(0);
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  #flush(): void {
    this.#cancelRetry = undefined;
    if (!this.#guard.enter()) {
      this.#retryLater();
      return;
    }
    try {
      while (this.#backlog.length > 0) this.#writeSome();
    } catch (error) {
      this.#recover(error instanceof Error ? error : new Error("Cannot write", { cause: error }));
    } finally {
      this.#guard.leave(this.#isPartial);
    }
  }

  #writeSome(): void {
    const length = writeSync(this.#options.fd, this.#backlog);
    if (length > 0) this.#isPartial = this.#backlog[length - 1] !== NEWLINE;
    this.#backlog = this.#backlog.subarray(length);
  }

  #retryLater(): void {
    this.#cancelRetry = this.#options.timers.after(RETRY_MS, () => this.#flush());
  }

  #recover(error: Error & { readonly code?: unknown }): void {
    if (error.code === "EAGAIN" || error.code === "EINTR") {
      this.#retryLater();
      return;
    }
    this.close();
    this.#options.failed(error);
  }
}
