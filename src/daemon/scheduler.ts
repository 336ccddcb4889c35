/** Which probes run: one for each check, or for all uses of a shared one; and when each is first due. */
import type { Attempt } from "../../checks/attempt.ts";
import type { Heard } from "../../checks/listen.ts";
import { createListen, createProbe, type ProbeContext } from "../../checks/registry.ts";
import type { CheckPlan } from "../config/plan.ts";
import { sameCheck } from "../core/index-plan.ts";
import { Allowance } from "./allowance.ts";
import type { Clock } from "./clock.ts";
import { spread } from "./due.ts";
import { heldMaxOf, placesOf } from "./open-files.ts";
import { Places } from "./places.ts";
import { Runner, type RunnerSurroundings } from "./runner.ts";
import { Timetable } from "./timetable.ts";

export interface ProbeMakers {
  readonly probe: typeof createProbe;
  readonly listen: typeof createListen;
}

const REGISTRY: ProbeMakers = { probe: createProbe, listen: createListen };

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly context: ProbeContext;
  /** What makes probes and listeners; by default the one table of all types. */
  readonly makers?: ProbeMakers;
  /**
   * Takes one result.
   *
   * @returns How long after this attempt was due the next one is, in milliseconds. Of the checks that share a probe
   *   the shortest counts.
   */
  readonly attempted: (check: CheckPlan, attempt: Attempt) => number;
  /** Something was heard about the target; the check is probed at once. */
  readonly heard: (check: CheckPlan, ...event: Parameters<Heard>) => void;
  /** An attempt begins, so long after it was due, in milliseconds. */
  readonly late?: (lateMs: number) => void;
  /** Checks wait for long, because too many attempts are under way; undefined when none does any more. */
  readonly crowded?: (detail: string | undefined) => void;
  /** Descriptors that this process may have, from which follows how many attempts are made at once. [no limit] */
  readonly filesMax?: number;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #surroundings: RunnerSurroundings;
  /** By what makes checks share one. */
  readonly #runners = new Map<string, Runner>();
  readonly #runnerOf = new Map<string, Runner>();

  constructor(options: SchedulerOptions) {
    const { clock, context, attempted, heard, late = () => {}, crowded = () => {} } = options;
    this.#options = options;
    this.#surroundings = {
      clock,
      context,
      attempted,
      heard,
      late,
      held: new Allowance(heldMaxOf(this.#filesMax)),
      timetable: new Timetable(clock),
      places: new Places({ timers: clock, count: placesOf(this.#filesMax, 0), crowded }),
    };
  }

  /** Probes `checks` from now on, and nothing else. A check that is the same goes on undisturbed. */
  update(checks: readonly CheckPlan[]): void {
    this.stopOthers(checks);
    const added = new Set<Runner>();
    for (const check of checks) {
      if (this.#runnerOf.has(check.id)) continue;
      const key = keyOf(check);
      const known = this.#runners.get(key);
      const runner = known ?? this.#create(check);
      if (known === undefined) added.add(runner);
      this.#runners.set(key, runner);
      this.#runnerOf.set(check.id, runner);
      runner.add(check);
      // The probe may be a rare one: whoever joins need not wait for it.
      if (!added.has(runner)) runner.hurry();
    }
    this.#startAll(added);
    // What is held keeps a descriptor, which attempts then cannot have.
    const holding = [...this.#runners.values()].filter(({ mayHold }) => mayHold).length;
    const kept = Math.min(holding, heldMaxOf(this.#filesMax));
    this.#surroundings.places.resize(placesOf(this.#filesMax, kept));
  }

  /** Probes at once, or as soon as the attempt under way is over. */
  hurry(id: string): void {
    this.#runnerOf.get(id)?.hurry();
  }

  /** Whether an event about the target would be heard now; undefined: the check is only polled. */
  isListening(id: string): boolean | undefined {
    return this.#runnerOf.get(id)?.isListening;
  }

  /** Whether the next attempt is due, and waits until others are over. */
  isWaiting(id: string): boolean {
    return this.#runnerOf.get(id)?.isWaiting === true;
  }

  /** Stops what is not in `checks`, or not as it is there. */
  stopOthers(checks: readonly CheckPlan[]): void {
    const wanted = new Map(checks.map((check) => [check.id, check]));
    for (const [key, runner] of this.#runners) {
      for (const known of runner.checks) {
        const check = wanted.get(known.id);
        if (check !== undefined && sameCheck(known, check)) continue;
        this.#runnerOf.delete(known.id);
        if (runner.remove(known.id)) continue;
        runner.stop();
        this.#runners.delete(key);
      }
    }
  }

  stop(): void {
    this.stopOthers([]);
  }

  get #filesMax(): number {
    return this.#options.filesMax ?? Infinity;
  }

  #create({ spec, timing }: CheckPlan): Runner {
    const { context, makers = REGISTRY } = this.#options;
    const probe = makers.probe(spec, context);
    const listen = makers.listen(spec, context);
    const mayHold = "watch" in spec && spec.watch;
    const target = { probe, listen, mayHold, timeoutMs: timing.timeoutMs };
    return new Runner(target, this.#surroundings);
  }

  /** Those with one interval stay together and apart as they are at the start. */
  #startAll(runners: Iterable<Runner>): void {
    const nowMs = Math.floor(this.#surroundings.clock.nowMs());
    const byInterval = new Map<number, Runner[]>();
    for (const runner of runners) {
      const alike = byInterval.get(runner.intervalMs);
      if (alike === undefined) byInterval.set(runner.intervalMs, [runner]);
      else alike.push(runner);
    }
    for (const [intervalMs, alike] of byInterval) {
      const delays = spread(alike.length, intervalMs);
      for (const [nth, runner] of alike.entries()) runner.start(nowMs + (delays[nth] ?? 0));
    }
  }
}

/** Equal for checks that one probe serves: uses of a shared check, whatever a reload calls it. */
function keyOf({ id, use, spec, timing }: CheckPlan): string {
  return use === undefined ? id : JSON.stringify([timing, spec]);
}
