/** One wanted change per prefix: what is queued, what is on its way, and what must rest first. */
import type { Route } from "./route.ts";
import { unwritten } from "./settlement.ts";
import type { Settled, SettledOutcome, Settlement } from "./settlement.ts";
import type { Timers } from "./timers.ts";

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
  cancelRest: (() => void) | undefined;
}

export interface LanesOptions {
  readonly timers: Timers;
  readonly settle: (settled: Settled, settlement: Settlement) => void;
  /** A change became eligible by the passing of time. */
  readonly rested: () => void;
}

export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #eligible = { withdraw: new Set<Lane>(), announce: new Set<Lane>() };
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
    this.#consider(lane);
  }

  /** The first lane whose change of this kind may be written now. */
  next(verb: Verb): Lane | undefined {
    return this.#eligible[verb].values().next().value;
  }

  /** @returns The change of `lane`, with the route to be written now, at `nowMs`. */
  launch(lane: Lane, nowMs: number): Change | undefined {
    if (lane.wanted === undefined) return undefined;
    const { verb, settled } = lane.wanted;
    const route = routeFor(lane, lane.wanted);
    this.#eligible[verb].delete(lane);
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
    if (lane.last !== undefined) {
      lane.last.isConfirmed = outcome === "done";
      lane.last.atMs = answeredAtMs ?? lane.last.atMs;
    }
    this.#consider(lane);
  }

  /** Settles all that is not written as `closed`, and forgets everything. */
  close(detail: string): void {
    for (const lane of this.#lanes.values()) {
      lane.cancelRest?.();
      if (lane.wanted !== undefined) {
        this.#options.settle(lane.wanted.settled, unwritten("closed", detail));
      }
    }
    this.#lanes.clear();
    this.#eligible.announce.clear();
    this.#eligible.withdraw.clear();
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
      cancelRest: undefined,
    };
    this.#lanes.set(prefix, lane);
    return lane;
  }

  /** Decides what the lane waits for: its answer, its rest, nothing to do, or its turn. */
  #consider(lane: Lane): void {
    const { wanted, last } = lane;
    lane.cancelRest?.();
    lane.cancelRest = undefined;
    if (wanted === undefined) return;
    this.#eligible[wanted.verb === "announce" ? "withdraw" : "announce"].delete(lane);
    if (lane.isFlying) return;
    const key = keyOf(wanted.verb, routeFor(lane, wanted));
    const isRepetition = last?.key === key;
    if (isRepetition && last.isConfirmed && wanted.maySkip) {
      this.#skip(lane, wanted.settled);
      return;
    }
    const restMs =
      last === undefined || isRepetition ? 0 : last.atMs + REST_MS - this.#options.timers.nowMs();
    if (restMs <= 0) {
      this.#eligible[wanted.verb].add(lane);
      return;
    }
    this.#eligible[wanted.verb].delete(lane);
    lane.cancelRest = this.#options.timers.after(restMs, () => {
      this.#consider(lane);
      this.#options.rested();
    });
  }

  #skip(lane: Lane, settled: Settled): void {
    this.#eligible.announce.delete(lane);
    this.#eligible.withdraw.delete(lane);
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

function keyOf(verb: Verb, route: Route): string {
  return `${verb} ${JSON.stringify(route)}`;
}
