/** Probes and listeners of all checks: which run, what they find, and who is told. */
import type { ProbeContext } from "../../checks/context.ts";
import { takeAttempt } from "./attempts.ts";
import type { Clock } from "./clock.ts";
import { Ears } from "./ears.ts";
import type { Events } from "./events.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Meter } from "./metrics/meter.ts";
import { openFilesMax } from "./open-files.ts";
import { Prober } from "./prober.ts";
import type { Problems } from "./problems.ts";
import { type ProbeMakers, Scheduler } from "./scheduler.ts";

export interface ProbingOptions {
  readonly clock: Clock;
  readonly context: ProbeContext;
  /** See `SchedulerOptions`. */
  readonly makers?: ProbeMakers;
  readonly log: Log;
  readonly events: Events;
  readonly problems: Problems;
  readonly meter: () => Meter;
  /** undefined until the agent has started. */
  readonly loop: () => Loop | undefined;
  /** Before a result is taken: what was read in a stall must not count. */
  readonly look: () => void;
}

export class Probing {
  readonly scheduler: Scheduler;
  readonly ears: Ears;
  readonly prober: Prober;

  constructor(options: ProbingOptions) {
    const { clock, context, makers, log, events, problems, meter, loop, look } = options;
    this.scheduler = new Scheduler({
      clock,
      context,
      ...(makers && { makers }),
      attempted: (check, made) => {
        look();
        meter().attempted(check, made);
        const running = loop();
        return running === undefined
          ? check.timing.intervalMs
          : takeAttempt(check, made, running, log);
      },
      heard: (...event) => this.ears.heard(...event),
      late: (lateMs) => meter().lateness.observe(lateMs / 1000),
      crowded: (detail) => problems.count("probes", detail),
      filesMax: openFilesMax(),
    });
    const hurry = (check: string): void => this.scheduler.hurry(check);
    this.ears = new Ears({ log, events, meter, loop, hurry });
    this.prober = new Prober(this.scheduler, log);
  }
}
