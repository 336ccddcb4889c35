/** How late the event loop has been: the worst of the last minute, whoever asks and how often. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../clock.ts";

/** The kernel's timer is asked for this; a delay is what comes on top. */
const RESOLUTION_MS = 20;

/** The minute is forgotten in pieces. */
const WINDOW_MS = 10_000;
const WINDOWS = 6;

export class LoopLag {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #clock: Clock;
  /** The worst of each window that is over, the latest last, milliseconds. */
  readonly #worst: number[] = [];
  #cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#histogram.enable();
    this.#rotate();
  }

  /** Seconds; 0 when no window has anything. */
  get seconds(): number {
    return Math.max(this.#current(), ...this.#worst) / 1000;
  }

  stop(): void {
    this.#cancel();
    this.#histogram.disable();
  }

  #rotate(): void {
    this.#cancel = this.#clock.after(WINDOW_MS, () => {
      this.#worst.push(this.#current());
      if (this.#worst.length >= WINDOWS) this.#worst.shift();
      this.#histogram.reset();
      this.#rotate();
    });
  }

  #current(): number {
    // An empty histogram has a maximum of 0.
    return Math.max(0, this.#histogram.max / 1e6 - RESOLUTION_MS);
  }
}
