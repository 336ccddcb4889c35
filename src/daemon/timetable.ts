/** What is due when: all that is due at one moment is run together, and one timer waits for the next moment. */
import type { Timers } from "../../checks/timers.ts";
import { MinHeap } from "./min-heap.ts";

/** Timers of Node.js fire up to this much early: what is due within it is run, and not waited for again. */
const EARLY_MS = 1;

/** Then the event loop has its turn, however much is due: answers must be read, and lines be written. */
const BURST_MS = 5;

/** As many may be run at once outside of the table: one event may be about all checks of a host. */
const SOON_MAX = 20;

export class Timetable {
  readonly #timers: Timers;
  /** Those of one moment, in the order in which they came. */
  readonly #due = new Map<number, Set<() => void>>();
  /** The keys of `#due`, and some that are no longer there. */
  readonly #moments = new MinHeap();
  #timerMs: number | undefined;
  #cancelTimer = () => {};
  #isRunning = false;
  #soonCount = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /**
   * Runs `run` once, at `dueMs` on the clock or later; each at most once in the table for one moment.
   *
   * @param dueMs Whole milliseconds: else what belongs together is a fraction apart.
   * @returns Cancels it.
   */
  at(dueMs: number, run: () => void): () => void {
    let together = this.#due.get(dueMs);
    if (together === undefined) {
      together = new Set();
      this.#due.set(dueMs, together);
      this.#moments.push(dueMs);
    }
    together.add(run);
    this.#wait();
    return () => this.#cancel(dueMs, run);
  }

  /**
   * Runs `run` at once; as soon as the event loop has had a turn where that is done for many.
   *
   * @param nowMs See `at`.
   */
  soon(nowMs: number, run: () => void): () => void {
    if (this.#soonCount >= SOON_MAX) return this.at(nowMs, run);
    if (this.#soonCount === 0) this.#timers.after(0, () => (this.#soonCount = 0));
    this.#soonCount += 1;
    run();
    return () => {};
  }

  #cancel(dueMs: number, run: () => void): void {
    const together = this.#due.get(dueMs);
    if (together?.delete(run) !== true || together.size > 0) return;
    this.#due.delete(dueMs);
    this.#wait();
  }

  /** Sets the timer for the first moment at which something is due. */
  #wait(): void {
    if (this.#isRunning) return;
    const firstMs = this.#first();
    if (firstMs === this.#timerMs) return;
    this.#cancelTimer();
    this.#timerMs = firstMs;
    if (firstMs === undefined) return;
    const delayMs = Math.max(0, firstMs - this.#timers.nowMs());
    this.#cancelTimer = this.#timers.after(delayMs, () => {
      this.#timerMs = undefined;
      this.#run();
    });
  }

  #first(): number | undefined {
    let firstMs = this.#moments.first();
    while (firstMs !== undefined && !this.#due.has(firstMs)) {
      this.#moments.shift();
      firstMs = this.#moments.first();
    }
    return firstMs;
  }

  #run(): void {
    this.#isRunning = true;
    const endMs = this.#timers.nowMs() + BURST_MS;
    try {
      for (let run = this.#next(); run !== undefined; run = this.#next()) {
        run();
        if (this.#timers.nowMs() > endMs) break;
      }
    } finally {
      this.#isRunning = false;
      this.#wait();
    }
  }

  /** Takes one that is due out of the table. */
  #next(): (() => void) | undefined {
    const firstMs = this.#first();
    if (firstMs === undefined || firstMs >= this.#timers.nowMs() + EARLY_MS) return undefined;
    const together = this.#due.get(firstMs) ?? new Set();
    const [run] = together;
    if (run !== undefined) together.delete(run);
    if (together.size === 0) this.#due.delete(firstMs);
    return run;
  }
}
