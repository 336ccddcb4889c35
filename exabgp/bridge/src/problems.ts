/** Keeps what a peer can cause from flooding its owner. */
import type { Problem, ProblemWord } from "./bridge-types.ts";
import { printable } from "./printable.ts";
import type { Timers } from "./timers.ts";

export class ProblemLimiter {
  readonly #timers: Timers;
  readonly #pauseMs: number;
  readonly #told = new Map<ProblemWord, { atMs: number; suppressed: number }>();

  /** @param pauseMs At most one problem of each word in this time. */
  constructor(timers: Timers, pauseMs: number) {
    this.#timers = timers;
    this.#pauseMs = pauseMs;
  }

  /** @returns The problem to tell, or undefined when the last one of its word is too recent. */
  admit(word: ProblemWord, detail: string): Problem | undefined {
    const before = this.#told.get(word);
    const nowMs = this.#timers.nowMs();
    if (before !== undefined && nowMs - before.atMs < this.#pauseMs) {
      before.suppressed += 1;
      return undefined;
    }
    this.#told.set(word, { atMs: nowMs, suppressed: 0 });
    const more =
      before === undefined || before.suppressed === 0 ? "" : ` (and ${before.suppressed} before)`;
    return { word, detail: printable(detail) + more };
  }
}
