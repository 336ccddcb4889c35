/** Chance that comes again: one seed gives the same numbers for ever (sfc32, Chris Doty-Humphrey's PractRand). */

const ROUNDS_BEFORE_USE = 12;

export class Random {
  #a = 0;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param stream Names what it is for: streams of one seed do not depend on each other. */
  constructor(seed: number, stream: string) {
    this.#b = seed >>> 0;
    this.#c = hash(stream);
    for (let nth = 0; nth < ROUNDS_BEFORE_USE; nth += 1) this.#next();
  }

  /** From 0 to below 1. */
  unit(): number {
    return this.#next() / 2 ** 32;
  }

  /** From `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.unit() * items.length)];
    if (item === undefined) throw new RangeError("Cannot pick one of nothing");
    return item;
  }

  /** @param weights How often each comes, against the others. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Object.entries` forgets what the keys are
    const entries = Object.entries(weights) as [T, number][];
    let left = this.unit() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [word, weight] of entries) {
      left -= weight;
      if (left < 0) return word;
    }
    return this.pick(entries)[0];
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}
