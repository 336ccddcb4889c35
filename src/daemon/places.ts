/**
 * How many attempts are under way at once: each has a descriptor or several. Who finds no place waits, first come
 * first served, but for this: those that take long have a part of the places only, so that a hundred targets that
 * hang never keep a healthy one waiting.
 */
import type { Timers } from "../../checks/timers.ts";

/** Of the places, for attempts that take long. Those that do not need few: they are over in milliseconds. */
const SLOW_PART = 3 / 4;

/** An attempt that runs longer takes long too: a target may hang for the first time. On busy hosts 211 ms are usual. */
const SLOW_MS = 250;

/** Waiting longer is worth telling: verdicts are late by it. */
const WAIT_LONG_MS = 2000;
const LOOK_MS = 1000;

/** One attempt from the wish to make it to its end; not used again. */
export interface Visit {
  /** Whether it is expected to take long. */
  readonly isSlow: boolean;
  /** It has a place now. */
  readonly start: () => void;
}

export interface PlacesOptions {
  readonly timers: Timers;
  /** At least 1. */
  readonly count: number;
  /** Attempts wait for long; undefined when none does any more. */
  readonly crowded: (detail: string | undefined) => void;
}

export class Places {
  readonly #timers: Timers;
  readonly #crowded: PlacesOptions["crowded"];
  #count: number;
  /** In the order of coming, with the time of it. */
  readonly #waiting = { quick: new Map<Visit, number>(), slow: new Map<Visit, number>() };
  /** Under way, in the order of starting, with the time of it. */
  readonly #quick = new Map<Visit, number>();
  readonly #slow = new Set<Visit>();
  #cancelLook: (() => void) | undefined;
  #isCrowded = false;

  constructor({ timers, count, crowded }: PlacesOptions) {
    this.#timers = timers;
    this.#count = count;
    this.#crowded = crowded;
  }

  /** Fewer or more from now on; nobody who has a place loses it. @param count At least 1. */
  resize(count: number): void {
    this.#count = count;
    this.#admit();
  }

  /** Starts it now or, where there is no place, later. */
  enter(visit: Visit): void {
    this.#queueOf(visit).set(visit, this.#timers.nowMs());
    this.#admit();
    if (this.#queueOf(visit).has(visit)) {
      this.#cancelLook ??= this.#timers.after(WAIT_LONG_MS, () => this.#look());
    }
  }

  /** Gives the place back, or waits no longer. */
  leave(visit: Visit): void {
    this.#queueOf(visit).delete(visit);
    if (this.#quick.delete(visit) || this.#slow.delete(visit)) this.#admit();
    if (this.#waitingCount === 0) this.#calm();
  }

  get #waitingCount(): number {
    return this.#waiting.quick.size + this.#waiting.slow.size;
  }

  #queueOf({ isSlow }: Visit): Map<Visit, number> {
    return isSlow ? this.#waiting.slow : this.#waiting.quick;
  }

  #admit(): void {
    while (this.#waitingCount > 0 && this.#quick.size + this.#slow.size < this.#count) {
      const visit = this.#next();
      if (visit === undefined) return;
      this.#queueOf(visit).delete(visit);
      if (visit.isSlow) this.#slow.add(visit);
      else this.#quick.set(visit, this.#timers.nowMs());
      visit.start();
    }
  }

  /** Whoever came first, of those that may have a place. */
  #next(): Visit | undefined {
    const [quick] = this.#waiting.quick;
    const [slow] = this.#waiting.slow;
    if (slow === undefined || !this.#mayBeSlow()) return quick?.[0];
    return quick === undefined || slow[1] < quick[1] ? slow[0] : quick[0];
  }

  #mayBeSlow(): boolean {
    const limitMs = this.#timers.nowMs() - SLOW_MS;
    for (const [visit, startedMs] of this.#quick) {
      if (startedMs > limitMs) break;
      this.#quick.delete(visit);
      this.#slow.add(visit);
    }
    return this.#slow.size < Math.max(1, Math.floor(this.#count * SLOW_PART));
  }

  #look(): void {
    if (this.#waitingCount === 0) {
      this.#calm();
      return;
    }
    const [quickMs = Infinity] = this.#waiting.quick.values();
    const [slowMs = Infinity] = this.#waiting.slow.values();
    const waitMs = this.#timers.nowMs() - Math.min(quickMs, slowMs);
    if (waitMs >= WAIT_LONG_MS) {
      this.#isCrowded = true;
      const seconds = (waitMs / 1000).toFixed(0);
      this.#crowded(
        `${this.#waitingCount} checks wait to be probed, one for ${seconds} s: ${this.#quick.size + this.#slow.size} of at most ${this.#count} attempts are under way, ${this.#slow.size} of them slow`,
      );
    } else if (this.#isCrowded) {
      this.#isCrowded = false;
      this.#crowded(undefined);
    }
    this.#cancelLook = this.#timers.after(LOOK_MS, () => this.#look());
  }

  #calm(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    if (!this.#isCrowded) return;
    this.#isCrowded = false;
    this.#crowded(undefined);
  }
}
