/** Calls to the owner, kept until the state is consistent. */

export class Calls {
  #waiting: (() => void)[] = [];
  /** How many of them were made. Not taken off one by one: of tens of thousands, each would move all others. */
  #made = 0;

  push(call: () => void): void {
    this.#waiting.push(call);
  }

  /**
   * Makes all of them in order, also those that come meanwhile.
   *
   * @param resume Called before it throws what a call has thrown: the others are made by the next `run`.
   */
  run(resume: () => void): void {
    try {
      while (this.#made < this.#waiting.length) {
        const call = this.#waiting[this.#made];
        this.#made += 1;
        call?.();
      }
    } catch (error) {
      resume();
      throw error;
    }
    this.#waiting = [];
    this.#made = 0;
  }
}
