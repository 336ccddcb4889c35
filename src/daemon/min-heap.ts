/** Numbers of which the smallest is always at hand: a binary heap. The same number may be in it more than once. */
export class MinHeap {
  /** The children of the number at `at` are at `2 * at + 1` and `2 * at + 2`, and none is smaller than it. */
  readonly #numbers: number[] = [];

  first(): number | undefined {
    return this.#numbers[0];
  }

  push(number: number): void {
    const numbers = this.#numbers;
    let at = numbers.length;
    for (let parent = (at - 1) >> 1; at > 0; parent = (at - 1) >> 1) {
      const above = numbers[parent] ?? -Infinity;
      if (above <= number) break;
      numbers[at] = above;
      at = parent;
    }
    numbers[at] = number;
  }

  /** Takes the smallest out. */
  shift(): number | undefined {
    const numbers = this.#numbers;
    const [first] = numbers;
    const last = numbers.pop();
    if (last !== undefined && numbers.length > 0) this.#sink(last);
    return first;
  }

  /** Puts `number` in at the top, whose place is free, and moves up what is smaller. */
  #sink(number: number): void {
    const numbers = this.#numbers;
    let at = 0;
    for (;;) {
      const left = numbers[2 * at + 1] ?? Infinity;
      const right = numbers[2 * at + 2] ?? Infinity;
      const smaller = Math.min(left, right);
      if (smaller >= number) break;
      numbers[at] = smaller;
      at = left <= right ? 2 * at + 1 : 2 * at + 2;
    }
    numbers[at] = number;
  }
}
