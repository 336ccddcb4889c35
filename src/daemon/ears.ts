/** What is heard about targets between two polls, and what is asked for: into the core, the metrics and the log. */
import type { EventWord } from "../../checks/listen.ts";
import type { CheckPlan } from "../config/plan.ts";
import type { ProbeAnswer } from "../control/probe-order.ts";
import type { ErrorBody } from "../control/protocol.ts";
import type { HeardWord } from "../core/inputs.ts";
import type { Events } from "./events.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Meter } from "./metrics/meter.ts";
import { noSuch } from "./no-such.ts";

export interface EarsOptions {
  readonly log: Log;
  readonly events: Pick<Events, "heard">;
  readonly meter: () => Pick<Meter, "heard">;
  /** Undefined until the agent has begun to decide. */
  readonly loop: () => Pick<Loop, "state" | "dispatch"> | undefined;
  /** Has a check probed at once. */
  readonly hurry: (check: string) => void;
}

export class Ears {
  readonly #options: EarsOptions;

  constructor(options: EarsOptions) {
    this.#options = options;
  }

  /** The caller has the check probed. */
  heard(check: CheckPlan, word: EventWord, detail: string): void {
    this.#take(check, word, detail);
  }

  /** Has every check of a service probed at once, and then as after any event. */
  probe(name: string): ProbeAnswer | ErrorBody | "starting" {
    const state = this.#options.loop()?.state;
    if (state === undefined) return "starting";
    const { services } = state.index.plan;
    const service = services.find((one) => one.name === name);
    if (service === undefined) {
      return noSuch(
        "service",
        name,
        services.map((one) => one.name),
      );
    }
    for (const check of service.checks) {
      this.#take(check, "asked", "");
      this.#options.hurry(check.id);
    }
    return { service: name, checks: service.checks.map((check) => check.name) };
  }

  #take(check: CheckPlan, word: HeardWord, detail: string): void {
    const { log, events, meter, loop } = this.#options;
    const state = loop()?.state;
    const isNews = state?.checks[state.index.checkAt.get(check.id) ?? -1]?.burst === undefined;
    loop()?.dispatch({ type: "event", check: check.id, word, detail });
    meter().heard(check, word);
    events.heard(check.id, word, detail);
    // A file that is written for ever must not fill the journal.
    log[isNews ? "info" : "debug"]({ check: check.id, word, detail }, "event heard");
  }
}
