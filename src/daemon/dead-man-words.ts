/**
 * What the main thread and the dead-man's switch share: a few words of memory, which either reads whatever the other
 * is stuck in.
 */
import type { WriteGuard } from "exabgp-ts-bridge";

/** Places in the shared words. */
const BEAT = 0;
const ARMED = 1;
const WRITER = 2;
const PARTIAL = 3;
const COUNT = 4;

/** Who may write to ExaBGP: one thread at a time, so that no line is ever inside another. */
const NOBODY = 0;
const MAIN = 1;
const WORKER = 2;

export type Words = Int32Array<SharedArrayBuffer>;

export function createWords(): Words {
  return new Int32Array(new SharedArrayBuffer(COUNT * Int32Array.BYTES_PER_ELEMENT));
}

/** The main thread's turn of its event loop. */
export function beat(words: Words): void {
  Atomics.add(words, BEAT, 1);
}

export function beatOf(words: Words): number {
  return Atomics.load(words, BEAT);
}

/** Not before the loop runs, and not while the agent exits, which takes what a busy disk takes. */
export function arm(words: Words, on: boolean): void {
  Atomics.store(words, ARMED, on ? 1 : 0);
}

export function isArmed(words: Words): boolean {
  return Atomics.load(words, ARMED) === 1;
}

/** For the main thread's writer: refused for good once the worker writes. */
export function guardOf(words: Words): WriteGuard {
  return {
    enter: () => Atomics.compareExchange(words, WRITER, NOBODY, MAIN) === NOBODY,
    leave(isPartial) {
      Atomics.store(words, PARTIAL, isPartial ? 1 : 0);
      Atomics.store(words, WRITER, NOBODY);
      Atomics.notify(words, WRITER);
    },
  };
}

/**
 * For the worker: waits until the main thread is not within a write. From then on that thread writes nothing, until
 * `giveBack`.
 *
 * @returns false: it is still within one after `maxMs`, because ExaBGP does not read.
 */
export function takeWriting(words: Words, maxMs: number): boolean {
  const endMs = performance.now() + maxMs;
  while (Atomics.compareExchange(words, WRITER, NOBODY, WORKER) !== NOBODY) {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) return false;
    Atomics.wait(words, WRITER, MAIN, leftMs);
  }
  return true;
}

/** The main thread goes on after all. */
export function giveBack(words: Words): void {
  Atomics.store(words, WRITER, NOBODY);
}

/** Whether the last bytes that the main thread wrote are no whole line. */
export function endsWithinLine(words: Words): boolean {
  return Atomics.load(words, PARTIAL) === 1;
}
