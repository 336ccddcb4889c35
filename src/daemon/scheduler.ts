/** Starts probes when they are due: never two attempts of one check at once. */
import { attempt, type Attempt } from "../../checks/attempt.ts";
import { createProbe, type ProbeContext } from "../../checks/registry.ts";
import type { Probe } from "../../checks/probe.ts";
import type { CheckPlan } from "../config/plan.ts";
import { sameCheck } from "../core/index-plan.ts";
import type { Clock } from "./clock.ts";

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly context: ProbeContext;
  /**
   * Takes one result.
   *
   * @returns How long after the attempt's start the next one is due, in milliseconds.
   */
  readonly attempted: (check: CheckPlan, attempt: Attempt) => number;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #running = new Map<string, Runner>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Probes `checks` from now on, and nothing else. A check that is the same goes on undisturbed. */
  update(checks: readonly CheckPlan[]): void {
    this.stopOthers(checks);
    const added = checks.filter(({ id }) => !this.#running.has(id));
    for (const [nth, check] of added.entries()) {
      const probe = createProbe(check.spec, this.#options.context);
      const runner = new Runner(check, probe, this.#options);
      this.#running.set(check.id, runner);
      // Spread, so that a thousand checks with one interval do not fall due in one instant for ever.
      runner.start((check.timing.intervalMs * nth) / added.length);
    }
  }

  /** Stops what is not in `checks`, or not as it is there. */
  stopOthers(checks: readonly CheckPlan[]): void {
    const wanted = new Map(checks.map((check) => [check.id, check]));
    for (const [id, runner] of this.#running) {
      const check = wanted.get(id);
      if (check !== undefined && sameCheck(runner.check, check)) continue;
      runner.stop();
      this.#running.delete(id);
    }
  }

  stop(): void {
    this.stopOthers([]);
  }
}

class Runner {
  readonly check: CheckPlan;
  readonly #probe: Probe;
  readonly #options: SchedulerOptions;
  #cancel = () => {};
  #stopped = false;

  constructor(check: CheckPlan, probe: Probe, options: SchedulerOptions) {
    this.check = check;
    this.#probe = probe;
    this.#options = options;
  }

  start(delayMs: number): void {
    this.#cancel = this.#options.clock.after(delayMs, () => void this.#attempt());
  }

  /** An attempt under way ends by itself; its result is thrown away. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #attempt(): Promise<void> {
    const { clock, attempted } = this.#options;
    const made = await attempt(this.#probe, this.check.timing.timeoutMs, clock);
    if (this.#stopped) return;
    const pauseMs = attempted(this.check, made);
    this.start(Math.max(0, made.startedMs + pauseMs - clock.nowMs()));
  }
}
