/** Whose turn it is: what is asked for in one moment is one change, and a small one never waits for a large one. */
import type { Lane, Verb } from "./lanes.ts";

/**
 * Changes of so many prefixes are written at once, a line for each: ExaBGP takes them up in two turns of its loop.
 * Larger ones are written in bulk lines, at ExaBGP's pace.
 */
const SMALL_CHANGE_MAX = 32;

/**
 * Prefixes on one line. ExaBGP sends 25 UPDATEs a turn of its loop to each neighbor and takes up 50 prefixes: with 48
 * on their way, 10,000 of IPv6 keep a withdrawal waiting for 1.2 s, with 24 for 0.03 s, and the whole takes no longer.
 * Two lines of 12 are on their way, so that ExaBGP has one while the other is answered.
 */
export const BULK_PREFIXES_MAX = 12;

/** What was asked for in one moment. */
export interface Batch {
  /** Until it is known how large it is. */
  isOpen: boolean;
  readonly asked: Record<Verb, number>;
  /** Lanes that may be written, by what must be the same for all prefixes of a line. */
  readonly waiting: Record<Verb, Map<string, Set<Lane>>>;
  readonly count: Record<Verb, number>;
}

/** Where a lane waits. */
export interface Seat {
  readonly lanes: Set<Lane>;
  /** Undefined among the small ones. */
  readonly batch: Batch | undefined;
  readonly verb: Verb;
}

export class Turns {
  readonly #small = { withdraw: new Set<Lane>(), announce: new Set<Lane>() };
  readonly #large = new Set<Batch>();
  #open = newBatch();

  /** Counts a change for the batch of this moment. @returns That batch. */
  join(verb: Verb): Batch {
    this.#open.asked[verb] += 1;
    return this.#open;
  }

  /** The moment is over. */
  close(): void {
    const batch = this.#open;
    if (batch.asked.announce + batch.asked.withdraw === 0) return;
    this.#open = newBatch();
    batch.isOpen = false;
    for (const verb of ["withdraw", "announce"] as const) {
      if (isLarge(batch, verb)) continue;
      const lanes = [...batch.waiting[verb].values()].flatMap((group) => [...group]);
      batch.waiting[verb].clear();
      batch.count[verb] = 0;
      for (const lane of lanes)
        this.#sit(lane, { lanes: this.#small[verb], batch: undefined, verb });
    }
    if (batch.count.withdraw + batch.count.announce > 0) this.#large.add(batch);
  }

  /** @param key What must be the same for all prefixes of a line. */
  add(lane: Lane, verb: Verb, key: string): void {
    if (lane.seat !== undefined) this.remove(lane);
    const { batch } = lane;
    if (batch === undefined || (!batch.isOpen && !isLarge(batch, verb))) {
      this.#sit(lane, { lanes: this.#small[verb], batch: undefined, verb });
      return;
    }
    const groups = batch.waiting[verb];
    const lanes = groups.get(key) ?? new Set();
    groups.set(key, lanes);
    batch.count[verb] += 1;
    if (!batch.isOpen) this.#large.add(batch);
    this.#sit(lane, { lanes, batch, verb });
  }

  remove(lane: Lane): void {
    const { seat } = lane;
    if (seat === undefined) return;
    lane.seat = undefined;
    seat.lanes.delete(lane);
    if (seat.batch === undefined) return;
    seat.batch.count[seat.verb] -= 1;
    const { withdraw, announce } = seat.batch.count;
    if (withdraw + announce === 0) this.#large.delete(seat.batch);
  }

  /** The first of the small changes. */
  small(verb: Verb): Lane | undefined {
    return this.#small[verb].values().next().value;
  }

  /** What may be on one line next, of the change that has the fewest left: an outage of ten prefixes is over sooner. */
  large(verb: Verb): readonly Lane[] {
    let smallest: Batch | undefined;
    for (const batch of this.#large) {
      const count = batch.count[verb];
      if (count > 0 && count < (smallest?.count[verb] ?? Infinity)) smallest = batch;
    }
    for (const [key, lanes] of smallest?.waiting[verb] ?? []) {
      if (lanes.size > 0) return firstOf(lanes);
      smallest?.waiting[verb].delete(key);
    }
    return [];
  }

  clear(): void {
    this.#small.withdraw.clear();
    this.#small.announce.clear();
    this.#large.clear();
    this.#open = newBatch();
  }

  #sit(lane: Lane, seat: Seat): void {
    seat.lanes.add(lane);
    lane.seat = seat;
  }
}

function newBatch(): Batch {
  return {
    isOpen: true,
    asked: { withdraw: 0, announce: 0 },
    waiting: { withdraw: new Map(), announce: new Map() },
    count: { withdraw: 0, announce: 0 },
  };
}

function isLarge({ asked }: Batch, verb: Verb): boolean {
  return asked[verb] > SMALL_CHANGE_MAX;
}

/** One that ExaBGP did not take in company stands in a group of such, and is written alone. */
function firstOf(lanes: ReadonlySet<Lane>): Lane[] {
  const first: Lane[] = [];
  for (const lane of lanes) {
    first.push(lane);
    if (lane.isAlone || first.length === BULK_PREFIXES_MAX) break;
  }
  return first;
}
