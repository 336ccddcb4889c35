/** Writes questions as long as there is room for them in the pipe. */
import { VERSION_QUESTION } from "./grammar.ts";
import type { Pairing } from "./pairing.ts";

/**
 * Three quarters of a pipe's 64 KiB: more room than commands have, because the answer to a question is what ends
 * their waiting. Beyond it a write could block this process until ExaBGP reads, and nothing would be served.
 */
export const QUESTIONS_UNREAD_BYTES_MAX = 49_152;

export interface AskingOptions {
  readonly pairing: Pairing;
  /** @returns false when writing threw. */
  readonly write: (line: string) => boolean;
}

export class Asking {
  readonly #options: AskingOptions;
  /** Since the last question ExaBGP wrote anything at all. */
  #isAlive = false;

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Anything came: an ExaBGP that writes has a running loop, which reads too. */
  onSign(): void {
    this.#isAlive = true;
  }

  /**
   * One question for each sign of life once the pipe may be full. Those that are in it are answered when ExaBGP
   * wakes up.
   *
   * @returns false when it was not written.
   */
  ask(question: string): boolean {
    const { pairing, write } = this.#options;
    if (pairing.unreadBytes >= QUESTIONS_UNREAD_BYTES_MAX && !this.#isAlive) return false;
    this.#isAlive = false;
    return write(question);
  }

  /**
   * Asks for the version, unless something else waits for its answer: ExaBGP answers this question at once, ahead of
   * what it was told before, and the answers could no longer be told apart.
   */
  ping(): void {
    const { pairing } = this.#options;
    if (pairing.awaitsOthers) return;
    if (this.ask(VERSION_QUESTION)) pairing.pushPing(VERSION_QUESTION);
  }
}
