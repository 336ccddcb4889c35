/** How many of something costly may be under way at once, and who is next. */

export interface PlacesOptions {
  readonly max: number;
  /** How many of them may be taken by those who are known to be slow; by default all. */
  readonly slowMax?: number;
}

/** Gives the place back; what is called again does nothing. */
export type Leave = () => void;

interface Waiting {
  readonly isSlow: boolean;
  readonly enter: () => void;
}

/**
 * First come, first served, one in each turn of the event loop, so that other checks are read between two costly
 * starts. Who is slow waits for the places of the slow, so that targets which hang do not stop those which answer.
 */
export class Places {
  readonly #options: Required<PlacesOptions>;
  readonly #waiting = new Set<Waiting>();
  #taken = 0;
  #takenBySlow = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor({ max, slowMax = max }: PlacesOptions) {
    this.#options = { max, slowMax };
  }

  get taken(): number {
    return this.#taken;
  }

  /** @returns Undefined if `signal` aborts before there is a place. */
  enter(isSlow: boolean, signal: AbortSignal): Promise<Leave | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        isSlow,
        enter: () => {
          signal.removeEventListener("abort", giveUp);
          resolve(this.#take(isSlow));
        },
      };
      const giveUp = (): void => {
        this.#waiting.delete(waiting);
        resolve(undefined);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(waiting);
      this.#admit();
    });
  }

  #take(isSlow: boolean): Leave {
    const slow = isSlow ? 1 : 0;
    this.#taken += 1;
    this.#takenBySlow += slow;
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      this.#taken -= 1;
      this.#takenBySlow -= slow;
      this.#admit();
    };
  }

  #admit(): void {
    if (this.#turn !== undefined || this.#next() === undefined) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      const next = this.#next();
      if (next === undefined) return;
      this.#waiting.delete(next);
      next.enter();
      this.#admit();
    });
  }

  #next(): Waiting | undefined {
    const { max, slowMax } = this.#options;
    if (this.#taken >= max) return undefined;
    const hasSlowPlace = this.#takenBySlow < slowMax;
    for (const waiting of this.#waiting) if (!waiting.isSlow || hasSlowPlace) return waiting;
    return undefined;
  }
}
