/** The one writer of ExaBGP's commands. */
import { writeSync } from "node:fs";
import type { Timers } from "./timers.ts";

export interface LineWriterOptions {
  /** 1 for a child of ExaBGP. */
  readonly fd: number;
  readonly timers: Timers;
  /** The reader is gone, or the pipe is broken otherwise; nothing is written any more. Called once. */
  readonly failed: (error: Error) => void;
}

export class LineWriter {
  readonly #options: LineWriterOptions;

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  /** Bound, so that it can be handed out as a function. */
  readonly write = (line: string): void => {
    writeSync(this.#options.fd, `${line}\n`);
  };

  close(): void {}
}
