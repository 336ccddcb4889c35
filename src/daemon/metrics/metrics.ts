/** `GET /metrics`: everything together, in the Prometheus text format. */
import type { Clock } from "../clock.ts";
import type { Reconciled } from "../reconciler.ts";
import type { Stalls } from "../self-watch.ts";
import type { StatusSources } from "../status.ts";
import type { WatchdogCounts } from "../watchdog.ts";
import { agentFamilies } from "./agent-families.ts";
import { Exposition, type Family } from "./exposition.ts";
import { LoopLag } from "./loop-lag.ts";
import { Meter } from "./meter.ts";
import { processFamilies } from "./process-families.ts";
import { serviceFamilies } from "./service-families.ts";

export interface MetricsSources extends StatusSources {
  readonly auditLost: number;
  readonly reconciled: Reconciled;
  readonly stalls: Stalls;
  /** Absent or undefined: systemd does not listen. */
  readonly watchdog?: WatchdogCounts | undefined;
}

export class Metrics {
  readonly meter = new Meter();
  readonly #exposition: Exposition;
  readonly #lag: LoopLag;
  readonly #startedAtMs: number;

  /** @param sources What is known at this moment; asked for at each scrape. */
  constructor(clock: Clock, sources: () => MetricsSources) {
    this.#startedAtMs = clock.wallMs();
    this.#lag = new LoopLag(clock);
    this.#exposition = new Exposition(() => this.#families(sources()), clock);
  }

  /** UTF-8, at most a second old. */
  body(): Promise<Uint8Array> {
    return this.#exposition.body();
  }

  stop(): void {
    this.#lag.stop();
  }

  *#families(sources: MetricsSources): Iterable<Family> {
    const { bridge, echo, problems, state, moment } = sources;
    const facts = {
      ...sources,
      bridge: bridge.status(),
      sent: echo.byPrefix(),
      problems: problems.list(),
      loopLagSeconds: this.#lag.seconds,
    };
    yield* agentFamilies(facts, this.meter);
    yield* processFamilies(this.#startedAtMs);
    if (state !== undefined) yield* serviceFamilies(state, this.meter, moment);
  }
}
