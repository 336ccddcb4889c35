/** Starts probes when they are due, or when something was heard: never two attempts of one check at once. */
import { attempt, type Attempt } from "../../checks/attempt.ts";
import type { Heard, Listener } from "../../checks/listen.ts";
import { createListen, createProbe, type ProbeContext } from "../../checks/registry.ts";
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
  /** Something was heard about the target; the check is probed at once. */
  readonly heard: (check: CheckPlan, ...event: Parameters<Heard>) => void;
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
      const delayMs = (check.timing.intervalMs * nth) / added.length;
      runner.start(delayMs);
      // Nor are a thousand connections opened in one.
      this.#options.clock.after(delayMs, () => runner.listen());
    }
  }

  /** Probes at once, or as soon as the attempt under way is over. */
  hurry(id: string): void {
    this.#running.get(id)?.hurry();
  }

  /** Whether an event about the target would be heard now; undefined: the check is only polled. */
  isListening(id: string): boolean | undefined {
    return this.#running.get(id)?.isListening;
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
  #listener: Listener | undefined;
  #isUnderWay = false;
  #isHurried = false;
  #stopped = false;

  constructor(check: CheckPlan, probe: Probe, options: SchedulerOptions) {
    this.check = check;
    this.#probe = probe;
    this.#options = options;
  }

  get isListening(): boolean | undefined {
    return this.#listener?.isListening;
  }

  listen(): void {
    if (this.#stopped) return;
    const { context, heard } = this.#options;
    this.#listener = createListen(
      this.check.spec,
      context,
    )?.((word, detail) => {
      heard(this.check, word, detail);
      this.hurry();
    });
  }

  hurry(): void {
    if (this.#isUnderWay) {
      this.#isHurried = true;
      return;
    }
    this.#cancel();
    void this.#attempt();
  }

  start(delayMs: number): void {
    this.#cancel = this.#options.clock.after(delayMs, () => void this.#attempt());
  }

  /** An attempt under way ends by itself; its result is thrown away. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#listener?.close();
  }

  async #attempt(): Promise<void> {
    const { clock, context, attempted } = this.#options;
    // A step is found while its dates are not needed yet.
    context.wallClock.look();
    this.#isUnderWay = true;
    const made = await attempt(this.#probe, this.check.timing.timeoutMs, clock);
    this.#isUnderWay = false;
    if (this.#stopped) return;
    const pauseMs = attempted(this.check, made);
    const isHurried = this.#isHurried;
    this.#isHurried = false;
    this.start(isHurried ? 0 : Math.max(0, made.startedMs + pauseMs - clock.nowMs()));
  }
}
