/** Growing pauses between tries to listen: what does not work now is tried again, at little cost. */
import type { Timers } from "./timers.ts";

export interface BackOffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** One try is ahead at most; each pause is twice the last one. */
export class BackOff {
  readonly #limits: BackOffLimits;
  readonly #timers: Timers;
  #nextMs: number;
  #cancel = () => {};

  constructor(limits: BackOffLimits, timers: Timers) {
    this.#limits = limits;
    this.#timers = timers;
    this.#nextMs = limits.firstMs;
  }

  /** @param atMostMs Caps this pause, not those after it. */
  tryAgain(run: () => void, atMostMs = this.#limits.maxMs): void {
    this.#cancel();
    this.#cancel = this.#timers.after(Math.min(this.#nextMs, atMostMs), run);
    this.#nextMs = Math.min(2 * this.#nextMs, this.#limits.maxMs);
  }

  /** The next pause is the first one again. */
  reset(): void {
    this.#nextMs = this.#limits.firstMs;
  }

  cancel(): void {
    this.#cancel();
  }
}
