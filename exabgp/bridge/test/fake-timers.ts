/** Time that moves only when the test says so. */
import type { Timers } from "../src/index.ts";

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeTimers implements Timers {
  #nowMs = 1000;
  #due: Due[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const due = { atMs: this.#nowMs + delayMs, run };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /** Timers that have not run. */
  get pending(): number {
    return this.#due.length;
  }

  /** Lets `ms` pass, with every timer at its own time and the microtasks after each. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (let next = this.#first(endMs); next !== undefined; next = this.#first(endMs)) {
      const due = next;
      this.#due = this.#due.filter((other) => other !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.run();
      await Promise.resolve();
    }
    this.#nowMs = endMs;
  }

  #first(endMs: number): Due | undefined {
    return this.#due
      .filter(({ atMs }) => atMs <= endMs)
      .toSorted((left, right) => left.atMs - right.atMs)[0];
  }
}
