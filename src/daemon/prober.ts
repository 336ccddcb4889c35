/** Which checks are probed: those of the configuration in force, from the moment it is. */
import { prepareProbes } from "../../checks/registry.ts";
import type { CheckPlan } from "../config/plan.ts";
import type { Log } from "./log.ts";
import type { Scheduler } from "./scheduler.ts";

export class Prober {
  readonly #scheduler: Scheduler;
  readonly #log: Log;
  #changing: Promise<void> = Promise.resolve();

  constructor(scheduler: Scheduler, log: Log) {
    this.#scheduler = scheduler;
    this.#log = log;
  }

  /** One after another: what a later configuration wants must not be overtaken by an earlier one. */
  probe(checks: readonly CheckPlan[]): void {
    // At once: what an old target still answers must not count for the new one.
    this.#scheduler.stopOthers(checks);
    this.#changing = this.#changing
      .then(() => prepareProbes(checks.map(({ spec }) => spec)))
      .catch((error: unknown) => this.#log.error({ err: error }, "a probe type cannot be loaded"))
      .then(() => this.#scheduler.update(checks));
  }
}
