/** Time, as it passes in a simulation: what is due next happens next, and nothing else. */
import type { Clock } from "../../src/daemon/clock.ts";

/** Whoever does things: what it had planned does not happen once it is dead, nor while it stands still. */
export interface Being {
  isDead: boolean;
  /** Until then nothing that it planned happens; it happens at once after that. */
  stillUntilMs: number;
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  readonly being: Being | undefined;
  /** Something that comes from outside: whoever stood still looks at its timers first. */
  readonly isInput: boolean;
  isCancelled: boolean;
}

/** Steps are queued so many at a time: between two of them Node.js drains all microtasks. */
const STEPS = 64;

/** More than there are things in a run. */
const INPUTS_LATER = 2 ** 40;

/** What goes on at one moment for ever never ends a simulation. */
const MOMENT_STEPS_MAX = 50_000;

/** The wall clock starts with 2026. */
const WALL_START_MS = Date.UTC(2026, 0, 1);

export class World {
  nowMs = 1_000_000;
  /** What the wall clock was stepped by. */
  wallStepMs = 0;
  readonly #startMs = this.nowMs;
  readonly #heap: Due[] = [];
  #orders = 0;
  #momentSteps = 0;
  #quiet = 0;

  get wallMs(): number {
    return WALL_START_MS + this.nowMs - this.#startMs + this.wallStepMs;
  }

  /** Since the start. */
  get elapsedMs(): number {
    return this.nowMs - this.#startMs;
  }

  /** @returns Cancels it. */
  after(delayMs: number, run: () => void, being?: Being, isInput = false): () => void {
    const atMs = this.nowMs + Math.max(0, Math.ceil(delayMs));
    const order = (this.#orders += 1);
    const due: Due = { atMs, order, run, being, isInput, isCancelled: false };
    this.#push(due);
    return () => (due.isCancelled = true);
  }

  /** The clock of `being`. */
  clockOf(being: Being): Clock {
    return {
      nowMs: () => this.nowMs,
      wallMs: () => this.wallMs,
      after: (delayMs, run) => this.after(delayMs, run, being),
    };
  }

  /** Whatever waits for turns of the event loop gets some before time passes. */
  rest(): void {
    this.#quiet = 2 * STEPS;
  }

  /** How much is planned by `being`. */
  plannedBy(being: Being): number {
    return this.#heap.filter((one) => one.being === being && !one.isCancelled).length;
  }

  /** Lets time pass. @param isOver Asked after each step. */
  run(durationMs: number, isOver: () => boolean): Promise<void> {
    const endMs = this.nowMs + durationMs;
    return new Promise((resolve, reject) => {
      let queued = 0;
      let isDone = false;
      const step = (): void => {
        queued -= 1;
        if (!isDone) {
          try {
            isDone = isOver() || !this.#step(endMs);
          } catch (error) {
            isDone = true;
            reject(error instanceof Error ? error : new Error(String(error)));
          }
          if (isDone) resolve();
        }
        if (!isDone && queued === 0) fill();
      };
      const fill = (): void => {
        for (; queued < STEPS; queued += 1) setImmediate(step);
      };
      fill();
    });
  }

  /** Up to and with the first thing that a being does. @returns false at the end. */
  #step(endMs: number): boolean {
    if (this.#quiet > 0) {
      this.#quiet -= 1;
      return true;
    }
    for (;;) {
      const due = this.#shift();
      if (due === undefined || due.atMs > endMs) return false;
      const { being, run, atMs } = due;
      if (due.isCancelled || being?.isDead === true) continue;
      if (being !== undefined && being.stillUntilMs > atMs) {
        const order = (this.#orders += 1) + (due.isInput ? INPUTS_LATER : 0);
        const later = { ...due, atMs: being.stillUntilMs, order };
        // Whoever has its cancel function cancels the one that it knows.
        Object.defineProperty(later, "isCancelled", { get: () => due.isCancelled });
        this.#push(later);
        continue;
      }
      this.#momentSteps = atMs > this.nowMs ? 0 : this.#momentSteps + 1;
      if (this.#momentSteps > MOMENT_STEPS_MAX) throw new Error("time does not pass any more");
      this.nowMs = atMs;
      run();
      if (being !== undefined) return true;
    }
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(due, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  #shift(): Due | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      const next = right !== undefined && isBefore(right, left) ? right : left;
      if (next === right) child += 1;
      if (!isBefore(next, last)) break;
      heap[at] = next;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
