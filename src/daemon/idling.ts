/** What an agent does not do while it idles in a crash loop: probe. What is ordered, it does. */
import type { CheckPlan } from "../config/plan.ts";
import type { Moment } from "../core/status.ts";
import type { Clock } from "./clock.ts";
import { type CountedStart, hostMs } from "./crash-loop.ts";
import type { Loop } from "./loop.ts";
import type { Prober } from "./prober.ts";
import type { Problems } from "./problems.ts";
import type { Reconciler } from "./reconciler.ts";
import type { Watchdog } from "./watchdog.ts";

export interface IdlingOptions {
  readonly clock: Clock;
  readonly problems: Pick<Problems, "report" | "clear">;
  /** undefined: nobody counts. */
  readonly start: CountedStart | undefined;
  readonly watchdog: Pick<Watchdog, "idle" | "ready"> | undefined;
  readonly prober: Pick<Prober, "probe">;
}

export class Idling {
  readonly #options: IdlingOptions;
  /** On the agent's clock; undefined: it does not idle, or not any more. */
  #untilMs: number | undefined;
  #loop: Loop | undefined;
  #checks: readonly CheckPlan[] = [];
  #cancel = () => {};

  constructor(options: IdlingOptions) {
    this.#options = options;
    const { clock, start } = options;
    const nowMs = clock.nowMs();
    // What it idled before it was loaded counts.
    const leftMs = start === undefined ? 0 : Math.min(start.idleMs, start.idlesUntilMs - hostMs());
    this.#untilMs = leftMs > 0 ? nowMs + leftMs : undefined;
  }

  /** From now on until it is over. */
  start(reconciler: Pick<Reconciler, "rest">): void {
    const { clock, problems, start, watchdog } = this.#options;
    if (start?.problem !== undefined) problems.report("starts-file", start.problem);
    if (this.#untilMs === undefined || start === undefined) return;
    reconciler.rest(this.#untilMs);
    const leftMs = this.#untilMs - clock.nowMs();
    const until = new Date(clock.wallMs() + leftMs).toISOString().replace(/\.\d{3}Z$/, "Z");
    const effect = `nothing is judged or mended until ${until}, and only orders are obeyed`;
    problems.report("crash-loop", `${start.why}: ${effect}`);
    // Not for ever, though every life of the loop is short of it.
    const pingsMs = Math.max(0, start.pingsUntilMs - hostMs());
    watchdog?.idle(`crash-loop: idles until ${until}`, pingsMs);
    this.#cancel = clock.after(leftMs, () => this.#end());
  }

  /** Now, or when it is over. */
  probe(checks: readonly CheckPlan[]): void {
    this.#checks = checks;
    if (this.#untilMs === undefined) this.#options.prober.probe(checks);
  }

  /** `now` as it is for those who ask what is next. */
  moment(now: Moment): Moment {
    return this.#untilMs === undefined ? now : { ...now, probesFromMs: this.#untilMs };
  }

  /** The agent has come as far as deciding. */
  running(loop: Loop): void {
    this.#loop = loop;
    this.#options.start?.running();
    if (this.#untilMs === undefined) this.#options.watchdog?.ready(loop);
  }

  /** The agent was told to end: that does not count. To be called first of all, for ExaBGP may not wait for the rest. */
  stop(): void {
    this.#options.start?.clean();
    this.#cancel();
  }

  #end(): void {
    this.#untilMs = undefined;
    this.#options.problems.clear("crash-loop");
    this.#options.prober.probe(this.#checks);
    if (this.#loop !== undefined) this.#options.watchdog?.ready(this.#loop);
  }
}
