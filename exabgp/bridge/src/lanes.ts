/** One wanted change per prefix: what is queued, what is on its way, and what must rest first. */
import type { Route } from "./route.ts";
import { unwritten } from "./settlement.ts";
import type { Settled, SettledOutcome, Settlement } from "./settlement.ts";
import type { Timers } from "./timers.ts";
import { Turns } from "./turns.ts";
import type { Batch, Seat } from "./turns.ts";

export type Verb = "announce" | "withdraw";

/** A change that somebody asked for. */
export interface Change {
  readonly verb: Verb;
  /** Normalized. */
  readonly route: Route;
  readonly settled: Settled;
}

/**
 * Between two different commands for one prefix, counted from the answer: changes that ExaBGP takes up in
 * one turn of its loop leave it attribute set by attribute set, not in the order of the commands, and 6.0
 * does so within 100 ms even when each answer is awaited.
 */
const REST_MS = 250;

/** More prefixes than one process of ExaBGP serves well; a caller that invents prefixes must not take the memory. */
const PREFIXES_MAX = 65_536;

/** All that is known about one prefix. */
export interface Lane {
  wanted: (Change & { readonly maySkip: boolean }) | undefined;
  isFlying: boolean;
  /** Of the last announcement that was written and not refused. */
  announced: Route | undefined;
  /** What `announced` was before the announcement on its way, in case that one is refused. */
  announcedBefore: Route | undefined;
  last:
    | { readonly verb: Verb; readonly key: string; isConfirmed: boolean; atMs: number }
    | undefined;
  /** Undefined while it does not rest. */
  restsUntilMs: number | undefined;
  /** With what its change was asked for. */
  batch: Batch | undefined;
  /** Where it waits for its turn. */
  seat: Seat | undefined;
  /** Its last bulk line was not answered `done`, and nobody knows because of which prefix. */
  isAlone: boolean;
}

export interface LanesOptions {
  readonly timers: Timers;
  readonly settle: (settled: Settled, settlement: Settlement) => void;
  /** Changes became eligible by the passing of time. */
  readonly rested: () => void;
}

export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #turns = new Turns();
  readonly #resting = new Set<Lane>();
  #wakesAtMs = Infinity;
  #cancelWake = () => {};
  #wanted = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Changes that are not written yet. */
  get queued(): number {
    return this.#wanted;
  }

  request(change: Change): void {
    const lane = this.#laneOf(change.route.prefix);
    if (lane === undefined) {
      const detail = `Cannot queue change: ${PREFIXES_MAX} prefixes are known already`;
      this.#options.settle(change.settled, unwritten("error", detail));
      return;
    }
    const earlier = lane.wanted;
    if (earlier === undefined) this.#wanted += 1;
    else this.#options.settle(earlier.settled, unwritten("superseded", `by ${change.verb}`));
    // Asked for out of the blue, the same command again is meant to be written: it mends what others did.
    const maySkip = earlier !== undefined || lane.isFlying;
    lane.wanted = { ...change, maySkip };
    lane.batch = this.#turns.join(change.verb);
    this.#consider(lane);
  }

  /** What is asked for from now on is another change than what was asked for before. */
  closeBatch(): void {
    this.#turns.close();
  }

  /** The first lane of a small change of this kind that may be written now. */
  small(verb: Verb): Lane | undefined {
    return this.#turns.small(verb);
  }

  /** Lanes of a large change that may be written now, on one line. */
  large(verb: Verb): readonly Lane[] {
    return this.#turns.large(verb);
  }

  /** @returns The change of `lane`, with the route to be written now, at `nowMs`. */
  launch(lane: Lane, nowMs: number): Change | undefined {
    if (lane.wanted === undefined) return undefined;
    const { verb, settled } = lane.wanted;
    const route = routeFor(lane, lane.wanted);
    this.#turns.remove(lane);
    lane.wanted = undefined;
    this.#wanted -= 1;
    lane.isFlying = true;
    lane.last = { verb, key: keyOf(verb, route), isConfirmed: false, atMs: nowMs };
    lane.announcedBefore = lane.announced;
    if (verb === "announce") lane.announced = route;
    return { verb, route, settled };
  }

  /** The change on its way has ended. `answeredAtMs` is undefined when no answer came. */
  land(lane: Lane, outcome: SettledOutcome, answeredAtMs: number | undefined): void {
    lane.isFlying = false;
    // Without an answer ExaBGP may hold it all the same.
    if (outcome === "error") lane.announced = lane.announcedBefore;
    if (outcome === "done") lane.isAlone = false;
    if (lane.last !== undefined) {
      lane.last.isConfirmed = outcome === "done";
      lane.last.atMs = answeredAtMs ?? lane.last.atMs;
    }
    this.#consider(lane);
  }

  /** `change` was on a line with others that ExaBGP refused: it is written again, without them. */
  landAlone(lane: Lane, change: Change, answeredAtMs: number): void {
    lane.isAlone = true;
    if (lane.wanted === undefined) {
      lane.wanted = { ...change, maySkip: false };
      this.#wanted += 1;
    } else {
      const { verb } = lane.wanted;
      this.#options.settle(change.settled, unwritten("superseded", `by ${verb}`));
    }
    this.land(lane, "error", answeredAtMs);
  }

  /** Settles all that is not written as `closed`, and forgets everything. */
  close(detail: string): void {
    for (const lane of this.#lanes.values()) {
      if (lane.wanted !== undefined) {
        this.#options.settle(lane.wanted.settled, unwritten("closed", detail));
      }
    }
    this.#lanes.clear();
    this.#turns.clear();
    this.#resting.clear();
    this.#cancelWake();
    this.#wanted = 0;
  }

  #laneOf(prefix: string): Lane | undefined {
    const known = this.#lanes.get(prefix);
    if (known !== undefined) return known;
    if (this.#lanes.size >= PREFIXES_MAX) this.#forgetWithdrawn();
    if (this.#lanes.size >= PREFIXES_MAX) return undefined;
    const lane: Lane = {
      wanted: undefined,
      isFlying: false,
      announced: undefined,
      announcedBefore: undefined,
      last: undefined,
      restsUntilMs: undefined,
      batch: undefined,
      seat: undefined,
      isAlone: false,
    };
    this.#lanes.set(prefix, lane);
    return lane;
  }

  /** Decides what the lane waits for: its answer, its rest, nothing to do, or its turn. */
  #consider(lane: Lane): void {
    const { wanted, last } = lane;
    this.#resting.delete(lane);
    this.#turns.remove(lane);
    if (wanted === undefined || lane.isFlying) return;
    const route = routeFor(lane, wanted);
    const key = keyOf(wanted.verb, route);
    const isRepetition = last?.key === key;
    if (isRepetition && last.isConfirmed && wanted.maySkip) {
      this.#skip(lane, wanted.settled);
      return;
    }
    const restMs =
      last === undefined || isRepetition ? 0 : last.atMs + REST_MS - this.#options.timers.nowMs();
    if (restMs <= 0) {
      this.#turns.add(lane, wanted.verb, companyOf(lane, route));
      return;
    }
    lane.restsUntilMs = this.#options.timers.nowMs() + restMs;
    this.#resting.add(lane);
    this.#wakeAt(lane.restsUntilMs);
  }

  /** One timer for all: prefixes that came on one line go on one line. */
  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakesAtMs) return;
    this.#cancelWake();
    this.#wakesAtMs = atMs;
    const { timers, rested } = this.#options;
    this.#cancelWake = timers.after(atMs - timers.nowMs(), () => {
      this.#wakesAtMs = Infinity;
      const nowMs = timers.nowMs();
      let nextMs = Infinity;
      for (const lane of this.#resting) {
        const untilMs = lane.restsUntilMs ?? nowMs;
        if (untilMs <= nowMs) this.#consider(lane);
        else nextMs = Math.min(nextMs, untilMs);
      }
      if (nextMs < Infinity) this.#wakeAt(nextMs);
      rested();
    });
  }

  #skip(lane: Lane, settled: Settled): void {
    lane.wanted = undefined;
    this.#wanted -= 1;
    this.#options.settle(settled, unwritten("done", "ExaBGP has acknowledged the same already"));
  }

  #forgetWithdrawn(): void {
    const restedBeforeMs = this.#options.timers.nowMs() - REST_MS;
    for (const [prefix, { wanted, isFlying, last }] of this.#lanes) {
      const isIdle = wanted === undefined && !isFlying;
      if (isIdle && last?.verb === "withdraw" && last.isConfirmed && last.atMs < restedBeforeMs) {
        this.#lanes.delete(prefix);
      }
    }
  }
}

/**
 * What is written for `change`. ExaBGP keeps a withdrawal behind its announcement only if both carry the same
 * attributes, and what was announced last need not be what was asked for last. At whom it is withdrawn is as asked
 * for: it may be some of those who have it.
 */
function routeFor({ announced }: Lane, { verb, route }: Change): Route {
  if (verb === "announce" || announced === undefined) return route;
  const { neighbors: _, ...attributes } = announced;
  return route.neighbors === undefined ? attributes : { ...attributes, neighbors: route.neighbors };
}

/** What is the same for all routes of a bulk line. */
function companyOf({ isAlone }: Lane, { prefix, ...shared }: Route): string {
  return `${isAlone ? "alone" : ""} ${prefix.includes(":") ? 6 : 4} ${JSON.stringify(shared)}`;
}

function keyOf(verb: Verb, route: Route): string {
  return `${verb} ${JSON.stringify(route)}`;
}
