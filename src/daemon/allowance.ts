/** So many of something that is kept for long; who gets none does without, and asks again later. */
export class Allowance {
  #left: number;

  /** @param count Infinity: there is always one. */
  constructor(count: number) {
    this.#left = count;
  }

  /** @returns Whether there was one left. */
  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    return true;
  }

  giveBack(): void {
    this.#left += 1;
  }
}
