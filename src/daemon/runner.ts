/** One probe and all checks that are made by it: starts it when it is due, never twice at once. */
import { attempt, type Attempt } from "../../checks/attempt.ts";
import type { EventWord, Listen, Listener } from "../../checks/listen.ts";
import type { ProbeContext } from "../../checks/context.ts";
import type { Outcome, Probe } from "../../checks/probe.ts";
import type { CheckPlan } from "../config/plan.ts";
import type { Allowance } from "./allowance.ts";
import type { Clock } from "./clock.ts";
import { type Home, nextDueMs } from "./due.ts";
import type { Places, Visit } from "./places.ts";
import type { Timetable } from "./timetable.ts";

/** What all runners of a scheduler share. */
export interface RunnerSurroundings {
  readonly clock: Clock;
  readonly context: Pick<ProbeContext, "wallClock">;
  /** Descriptors that may be kept between attempts. */
  readonly held: Allowance;
  readonly timetable: Timetable;
  readonly places: Places;
  /** See `SchedulerOptions`. */
  readonly attempted: (check: CheckPlan, attempt: Attempt) => number;
  readonly heard: (check: CheckPlan, word: EventWord, detail: string) => void;
  readonly late: (lateMs: number) => void;
}

export interface Target {
  readonly probe: Probe;
  /** undefined: it is only polled. */
  readonly listen: Listen | undefined;
  /** What listens keeps a descriptor between two attempts. */
  readonly mayHold: boolean;
  readonly timeoutMs: number;
}

/** In the place of a listener that would take the last descriptors from the attempts. */
const DEAF: Listener = { isListening: false, close: () => {} };

export class Runner {
  readonly #target: Target;
  readonly #surroundings: RunnerSurroundings;
  /** By id: the checks that get each result. */
  readonly #checks = new Map<string, CheckPlan>();
  #home: Home = { firstDueMs: 0, intervalMs: Infinity };
  /** Undefined: it has not begun, or is only polled. `DEAF`: until there is a descriptor for it. */
  #listener: Listener | undefined;
  #cancel = () => {};
  /** The attempt that waits for a place or is under way. */
  #visit: Visit | undefined;
  #isUnderWay = false;
  /** The next attempt comes as early as it may. */
  #isHurried = false;
  /** The attempt under way, or the last one, came because of an event. */
  #wasHurried = false;
  /** No event brings an attempt before this moment, in whole milliseconds on the clock. */
  #notBeforeMs = 0;
  #isSlow = false;
  #stopped = false;

  constructor(target: Target, surroundings: RunnerSurroundings) {
    this.#target = target;
    this.#surroundings = surroundings;
  }

  get checks(): Iterable<CheckPlan> {
    return this.#checks.values();
  }

  /** The shortest of its checks; Infinity without any. */
  get intervalMs(): number {
    return Math.min(...[...this.checks].map(({ timing }) => timing.intervalMs));
  }

  /** From the next attempt on `check` gets the results; those of an attempt under way it does not. */
  add(check: CheckPlan): void {
    this.#checks.set(check.id, check);
    this.#home = { ...this.#home, intervalMs: this.intervalMs };
  }

  /** @returns Whether there is still a check left. */
  remove(id: string): boolean {
    this.#checks.delete(id);
    return this.#checks.size > 0;
  }

  get mayHold(): boolean {
    return this.#target.mayHold;
  }

  /** Whether an event would be heard now; undefined: it is only polled, or has not begun. */
  get isListening(): boolean | undefined {
    return this.#listener?.isListening;
  }

  /** Whether an attempt waits for a place. */
  get isWaiting(): boolean {
    return this.#visit !== undefined && !this.#isUnderWay;
  }

  /** @param dueMs When the first attempt is due, in whole milliseconds on the clock. */
  start(dueMs: number): void {
    this.#home = { ...this.#home, firstDueMs: dueMs };
    this.#rest(dueMs);
  }

  /**
   * Probes at once, or as soon as the attempt under way is over. Where one event follows another (a unit that is
   * restarted tells of four states), attempts are a fast interval apart all the same: `fall` failures take their time.
   */
  hurry(): void {
    this.#isHurried = true;
    if (this.#visit !== undefined || this.#stopped) return;
    const nowMs = Math.floor(this.#surroundings.clock.nowMs());
    this.#cancel();
    if (nowMs < this.#notBeforeMs) this.#rest(this.#notBeforeMs);
    else this.#cancel = this.#surroundings.timetable.soon(nowMs, () => this.#enter(nowMs));
  }

  /** An attempt under way ends by itself; its result is thrown away. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#listener?.close();
    if (this.mayHold && this.#listener !== undefined && this.#listener !== DEAF)
      this.#surroundings.held.giveBack();
    this.#listener = undefined;
    if (this.#visit !== undefined && !this.#isUnderWay)
      this.#surroundings.places.leave(this.#visit);
  }

  #rest(dueMs: number): void {
    this.#cancel = this.#surroundings.timetable.at(dueMs, () => this.#enter(dueMs));
  }

  #enter(dueMs: number): void {
    this.#cancel = () => {};
    const visit: Visit = {
      isSlow: this.#isSlow,
      start: () => void this.#attempt(visit, dueMs),
    };
    this.#visit = visit;
    this.#surroundings.places.enter(visit);
    this.#listen();
  }

  /** With the first attempts, which are spread: nor are a thousand connections opened in one turn. */
  #listen(): void {
    const { listen, mayHold } = this.#target;
    if (listen === undefined || (this.#listener !== undefined && this.#listener !== DEAF)) return;
    if (mayHold && !this.#surroundings.held.take()) {
      this.#listener = DEAF;
      return;
    }
    this.#listener = listen((word, detail) => {
      for (const check of this.#checks.values()) this.#surroundings.heard(check, word, detail);
      this.hurry();
    });
  }

  async #attempt(visit: Visit, dueMs: number): Promise<void> {
    const { clock, context, places, late } = this.#surroundings;
    // A step is found while its dates are not needed yet.
    context.wallClock.look();
    this.#isUnderWay = true;
    this.#wasHurried = this.#isHurried;
    this.#isHurried = false;
    const asking = [...this.#checks.values()];
    late(Math.max(0, clock.nowMs() - dueMs));
    const made = await attempt(this.#target.probe, this.#target.timeoutMs, clock);
    this.#isUnderWay = false;
    this.#visit = undefined;
    this.#isSlow = ranOut(made, this.#target.timeoutMs);
    try {
      if (!this.#stopped) this.#tell(asking, made, dueMs);
    } finally {
      // Not before: a withdrawal goes out first, and then others begin.
      places.leave(visit);
    }
  }

  #tell(asking: readonly CheckPlan[], made: Attempt, dueMs: number): void {
    let pauseMs = Infinity;
    for (const check of asking) {
      // A check may have gone meanwhile, or have become another of the same name.
      if (this.#checks.get(check.id) !== check) continue;
      pauseMs = Math.min(pauseMs, this.#surroundings.attempted(check, made));
    }
    if (this.#stopped) return;
    const nowMs = Math.floor(this.#surroundings.clock.nowMs());
    const { startedMs, result } = made;
    this.#notBeforeMs = this.#isPressing(result.outcome, pauseMs)
      ? Math.ceil(startedMs + this.#fastIntervalMs)
      : 0;
    let nextMs = nowMs;
    if (this.#isHurried) nextMs = this.#notBeforeMs;
    else if (pauseMs < Infinity) nextMs = nextDueMs({ dueMs, startedMs }, pauseMs, this.#home);
    // The attempt may have taken longer than the pause.
    this.#rest(Math.max(nextMs, nowMs));
  }

  /** Whether the attempt that is over counts as one of a burst: then the next one waits for a fast interval. */
  #isPressing(outcome: Outcome, pauseMs: number): boolean {
    if (this.#wasHurried) return true;
    if (pauseMs > this.#fastIntervalMs) return false;
    // What was asked before an event may have passed before it; a failure is evidence already.
    return outcome === "fail" || (!this.#isHurried && pauseMs < this.intervalMs);
  }

  get #fastIntervalMs(): number {
    return Math.min(...[...this.checks].map(({ timing }) => timing.fastIntervalMs));
  }
}

/** The target hangs. One that has answered is not slow, however long the answer was in coming on a busy host. */
function ranOut({ result, elapsedMs }: Attempt, timeoutMs: number): boolean {
  return elapsedMs >= timeoutMs && result.outcome !== "pass" && result.reason !== "stalled";
}
