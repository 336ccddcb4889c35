/** Asks ExaBGP what it holds, at the right times, and gives the answer to the core, which mends. */
import type { Bridge, NeighborsListing, ProblemWord, RoutesListing } from "exabgp-ts-bridge";
import { findingText } from "../core/drift.ts";
import type { AgentState } from "../core/state.ts";
import type { Clock } from "./clock.ts";
import type { Echo } from "./echo.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Problems } from "./problems.ts";

export interface ReconcilerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly problems: Problems;
  readonly bridge: Pick<Bridge, "listNeighbors" | "listRoutes" | "status">;
  readonly echo: Pick<Echo, "heard">;
  readonly intervalMs: number;
}

/** What is told of it in the metrics. */
export interface Reconciled {
  /** Listings by how they ended. */
  readonly outcomes: ReadonlyMap<RoutesListing["outcome"], number>;
  /** When the last whole one was asked for, milliseconds since 1970. */
  readonly doneAtMs: number | undefined;
}

export const INTERVAL_DEFAULT_MS = 30_000;

/** A session that comes and goes, or a burst of lost answers, is one reason to look. */
const SOON_MS = 1000;

/** A withdrawal behind a listing waits for it, used or not: 2.4 s for 10,000 routes on 4.2.21. */
const PAUSE_PER_DURATION = 50;

/** After one that did not end: twice as long each time, and so long that most of ExaBGP's time is for commands. */
const REST_UNKNOWN_MAX_MS = 300_000;

/** While a check contradicts its verdict a withdrawal is near, but some check may always do. */
const PUT_OFF_INTERVALS = 5;
const LOOK_AGAIN_MS = 250;

/** So long a new announcement waits for the first listing; more than 10,000 routes take. */
const FIRST_MS = 5000;

/** The same where ExaBGP has not even said what it is. */
const FIRST_UNREADY_MS = 10_000;

/** Two in a row that ExaBGP did not answer are no accident. */
const FAILURES_TOLD = 2;

/** An ExaBGP that does not tell its neighbors costs a time limit each time, in which nothing is announced. */
const NEIGHBORS_FAILURES_MAX = 2;

/** A status line. */
const PREFIXES_SHOWN = 3;

/** After these nobody knows which command was taken. */
const DOUBTS: ReadonlySet<ProblemWord> = new Set([
  "answer-timeout",
  "stale-answer",
  "line-dropped",
  "malformed-line",
]);

export class Reconciler {
  readonly #options: ReconcilerOptions;
  #intervalMs: number;
  #loop: Pick<Loop, "state" | "dispatch"> | undefined;
  /** The first, should it come before there is a loop. */
  #early: RoutesListing | undefined;
  #isAsking = false;
  #isFirst = true;
  #isStopped = false;
  #dueMs = 0;
  /** Not before: a long listing is not asked for often. */
  #restsUntilMs = 0;
  /** Nor before this, but for the first: an agent that idles mends nothing. */
  #idlesUntilMs = 0;
  #failures = 0;
  /** The last that was told; asked for ahead of each listing of routes. */
  #neighbors: NeighborsListing | undefined;
  #neighborsFailures = 0;
  #readyMs: number | undefined;
  readonly #outcomes = new Map<RoutesListing["outcome"], number>();
  #doneAtMs: number | undefined;
  #cancel = () => {};
  #cancelFirst = () => {};

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs;
  }

  get reconciled(): Reconciled {
    return { outcomes: this.#outcomes, doneAtMs: this.#doneAtMs };
  }

  /** The question is written as soon as ExaBGP can be asked: before anybody has judged anything. */
  ask(): void {
    if (this.#isAsking || this.#isStopped) return;
    this.#isAsking = true;
    // What happens while it is on its way is looked at after it.
    this.#dueMs = Infinity;
    this.#neighbors = undefined;
    if (this.#neighborsFailures < NEIGHBORS_FAILURES_MAX) {
      this.#options.bridge.listNeighbors((listing) => this.#takeNeighbors(listing));
    }
    this.#options.bridge.listRoutes((listing) => {
      this.#isAsking = false;
      if (this.#isStopped) return;
      if (this.#loop === undefined) this.#early = listing;
      else this.#take(this.#loop, listing);
    });
  }

  /** ExaBGP answers from now on. */
  ready(): void {
    this.#readyMs = this.#options.clock.nowMs();
    this.#awaitFirst();
  }

  start(loop: Pick<Loop, "state" | "dispatch">): void {
    this.#loop = loop;
    const early = this.#early;
    this.#early = undefined;
    this.#awaitFirst();
    if (early !== undefined) this.#take(loop, early);
  }

  /** @param intervalMs Of a configuration that is in force from now on. */
  setInterval(intervalMs = INTERVAL_DEFAULT_MS): void {
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#plan(Math.min(this.#dueMs, this.#options.clock.nowMs() + intervalMs));
  }

  /** Asks no second time before this moment; what the first finds is taken over, so that drains can withdraw it. */
  rest(untilMs: number): void {
    this.#idlesUntilMs = untilMs;
  }

  /** Something has happened after which ExaBGP may hold something else. */
  soon(): void {
    this.#plan(Math.min(this.#dueMs, this.#options.clock.nowMs() + SOON_MS));
  }

  problem(word: ProblemWord): void {
    if (DOUBTS.has(word)) this.soon();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    this.#cancelFirst();
  }

  #plan(dueMs: number): void {
    if (this.#isStopped) return;
    this.#dueMs = dueMs;
    // What is on its way plans the next one.
    if (this.#isAsking) return;
    const { clock } = this.#options;
    const atMs = Math.max(dueMs, this.#restsUntilMs, this.#idlesUntilMs);
    this.#cancel();
    this.#cancel = clock.after(Math.max(0, atMs - clock.nowMs()), () => this.#due());
  }

  #due(): void {
    const { clock } = this.#options;
    const isPutOff = clock.nowMs() - this.#dueMs < PUT_OFF_INTERVALS * this.#intervalMs;
    if (isPutOff && this.#loop !== undefined && isContradicted(this.#loop.state)) {
      this.#cancel = clock.after(LOOK_AGAIN_MS, () => this.#due());
    } else {
      this.ask();
    }
  }

  /** Announcements do not wait for ever. */
  #awaitFirst(): void {
    if (!this.#isFirst || this.#loop === undefined) return;
    const { clock } = this.#options;
    const waitMs = this.#readyMs === undefined ? FIRST_UNREADY_MS : FIRST_MS;
    this.#cancelFirst();
    this.#cancelFirst = clock.after(waitMs, () => this.#giveUpFirst("timeout"));
  }

  #giveUpFirst(outcome: RoutesListing["outcome"]): void {
    if (!this.#isFirst) return;
    this.#isFirst = false;
    this.#cancelFirst();
    this.#options.log.warn({ outcome }, "exabgp does not say what it holds");
    this.#loop?.dispatch({ type: "no-rib" });
  }

  #takeNeighbors(listing: NeighborsListing): void {
    const { outcome, neighbors } = listing;
    this.#neighbors = listing;
    this.#neighborsFailures = outcome === "done" ? 0 : this.#neighborsFailures + 1;
    this.#options.log.debug({ outcome, neighbors: neighbors.length }, "neighbors listed");
  }

  /** Before what is held: what is missing at a neighbor that cannot have it is not missing. */
  #tellNeighbors(loop: Pick<Loop, "dispatch">): void {
    // Without any, ExaBGP would not run: it has not told of them.
    const neighbors = this.#neighbors?.neighbors ?? [];
    if (neighbors.length > 0) loop.dispatch({ type: "neighbors", neighbors });
  }

  #take(loop: Pick<Loop, "state" | "dispatch">, listing: RoutesListing): void {
    const { clock, log, bridge, echo } = this.#options;
    const { outcome, routes, tellsAttributes, askedAtMs, answeredAtMs } = listing;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    const tookMs = answeredAtMs - askedAtMs + durationOf(this.#neighbors);
    log.debug({ outcome, routes: routes.length, tookMs: Math.round(tookMs) }, "routes listed");
    const before = loop.state.changes;
    this.#tellNeighbors(loop);
    this.#restsUntilMs = answeredAtMs + this.#restMs(outcome, tookMs);
    if (outcome === "done") {
      this.#isFirst = false;
      this.#cancelFirst();
      this.#doneAtMs = clock.wallMs() - (clock.nowMs() - askedAtMs);
      const { identity, sessions } = bridge.status();
      const up = [...sessions.values()].filter(({ state }) => state === "up");
      const cameUp = up.filter(({ reason }) => reason !== "listed");
      loop.dispatch({
        type: "rib",
        askedMs: askedAtMs,
        routes,
        tellsAttributes,
        wire: {
          ...echo.heard(),
          up: new Set(up.map(neighborOf)),
          cameUp: new Set(cameUp.map(neighborOf)),
        },
        selects: identity?.dialect !== 6,
      });
    } else {
      this.#giveUpFirst(outcome);
    }
    this.#tell(loop.state, outcome);
    // What was mended is looked at again.
    const isMended = loop.state.changes !== before;
    const nextMs = clock.nowMs() + (isMended ? SOON_MS : this.#intervalMs);
    this.#plan(Math.min(this.#dueMs, nextMs));
  }

  #restMs(outcome: RoutesListing["outcome"], tookMs: number): number {
    if (outcome !== "timeout") return PAUSE_PER_DURATION * tookMs;
    // An answer was lost, ExaBGP stood still, or lists without end: nobody knows.
    const pauses = Math.min(PAUSE_PER_DURATION, 2 ** (this.#failures + 1));
    return Math.min(pauses * tookMs, REST_UNKNOWN_MAX_MS);
  }

  #tell({ drifts, rib }: AgentState, outcome: RoutesListing["outcome"]): void {
    const { problems } = this.#options;
    this.#failures = outcome === "done" ? 0 : this.#failures + 1;
    const isUnknown = this.#failures >= FAILURES_TOLD && outcome !== "closed";
    problems.state(
      "rib-unknown",
      isUnknown ? `ExaBGP does not say what it holds: ${outcome}` : undefined,
    );
    if (outcome !== "done") return;
    const standing = [...drifts].filter(([, { findings }]) => findings.length > 0);
    const shown = standing
      .slice(0, PREFIXES_SHOWN)
      .map(([prefix, { findings }]) => `${prefix} (${findings.map(findingText).join(", ")})`);
    problems.state("rib-drift", counted(standing.length, "not as told", shown));
    const { count = 0, first = [] } = rib?.foreign ?? {};
    problems.state("foreign-routes", counted(count, "neither configured nor owned", first));
  }
}

function durationOf(listing: NeighborsListing | undefined): number {
  return listing?.outcome === "done" ? listing.answeredAtMs - listing.askedAtMs : 0;
}

function counted(count: number, what: string, shown: readonly string[]): string | undefined {
  if (count === 0) return undefined;
  const more = count > shown.length ? `, and ${count - shown.length} more` : "";
  const noun = count === 1 ? "1 prefix is" : `${count} prefixes are`;
  return `ExaBGP: ${noun} ${what}: ${shown.join(", ")}${more}`;
}

/** Whether a check has begun to fail: one without a verdict too, an earlier life may have announced its service. */
function isContradicted({ checks }: AgentState): boolean {
  return checks.some(
    ({ health: { verdict, against, towards } }) =>
      verdict !== "down" && against > 0 && towards === "down",
  );
}

function neighborOf({ neighbor }: { readonly neighbor: string }): string {
  return neighbor;
}
