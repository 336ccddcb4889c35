/** A watchdog on a clock of its own, with services, probes and an ExaBGP that the test can stop each by itself. */
import type { BridgeStatus } from "exabgp-ts-bridge";
import { pass } from "../../checks/probe.ts";
import type { Plan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { AgentState } from "../../src/core/state.ts";
import type { Watchdog } from "../../src/daemon/watchdog.ts";
import { manualClock, planOf, tcpCheck, type ManualClock } from "./fixtures.ts";

/** Those of a mutant too. */
export type WatchdogClass = typeof Watchdog;

export const WATCHDOG_MS = 10_000;

export interface SceneOptions {
  /** Default: two services, each with a check every second. */
  readonly plan?: Plan;
  /** How long ExaBGP takes for an answer. Default: 2 ms. */
  readonly answerMs?: number;
  readonly watchdogMs?: number | undefined;
}

export class Scene {
  readonly clock: ManualClock = manualClock();
  readonly watchdog: Watchdog;
  /** When systemd was pinged, milliseconds since the start of the scene. */
  readonly pings: number[] = [];
  readonly said: string[] = [];
  readonly problems: (string | undefined)[] = [];
  /** When ExaBGP was asked. */
  readonly questions: number[] = [];
  readySaid = 0;
  /** Whether ExaBGP answers. */
  answers = true;
  answerMs: number;
  /** Checks whose probes bring no results. */
  readonly stuck = new Set<string>();
  /** Checks whose attempts wait for a place. */
  readonly waiting = new Set<string>();
  /** What the agent says of itself. */
  how = "well";
  #state: AgentState;
  #heardMs: number | undefined;
  #unanswered = 0;
  readonly #startMs: number;

  constructor(Class: WatchdogClass, options: SceneOptions = {}) {
    const { plan = planOf("a", "b"), answerMs = 2 } = options;
    const { clock } = this;
    this.#startMs = clock.nowMs();
    this.answerMs = answerMs;
    this.#state = startAgent(plan, new Map(), [], clock.nowMs()).state;
    this.watchdog = new Class({
      clock,
      notifier: {
        ready: () => (this.readySaid += 1),
        status: (text) => void this.said.push(text),
        watchdog: () => void this.pings.push(this.nowMs),
        end: () => {},
      },
      watchdogMs: "watchdogMs" in options ? options.watchdogMs : WATCHDOG_MS,
      bridge: { ping: () => this.#asked(), status: () => this.#status() },
      how: () => this.how,
      isWaiting: (check) => this.waiting.has(check),
      problem: (detail) => void this.problems.push(detail),
    });
    this.watchdog.start();
  }

  get nowMs(): number {
    return this.clock.nowMs() - this.#startMs;
  }

  get problem(): string | undefined {
    return this.problems.at(-1);
  }

  /** The start is over: ExaBGP has answered, probes begin. */
  go(): this {
    this.hear();
    this.watchdog.ready(this.#loop);
    for (const { check } of this.#state.index.checks) {
      this.#every(check.timing.intervalMs, () => {
        if (!this.stuck.has(check.id) && !this.waiting.has(check.id)) this.result(check.id);
      });
    }
    return this;
  }

  /** ExaBGP says something of its own accord. */
  hear(): void {
    this.#heardMs = this.clock.nowMs();
    this.#unanswered = 0;
  }

  /** ExaBGP, which stood still, answers what it was asked meanwhile. */
  wake(): void {
    this.answers = true;
    if (this.#unanswered > 0) this.hear();
  }

  result(check: string): void {
    const startedMs = this.clock.nowMs();
    this.#state = step(
      this.#state,
      { type: "result", check, result: pass(""), startedMs, elapsedMs: 1 },
      startedMs,
    ).state;
  }

  /** Pings after `sinceMs`. */
  pingsSince(sinceMs: number): number[] {
    return this.pings.filter((atMs) => atMs > sinceMs);
  }

  get #loop(): { readonly state: AgentState } {
    const state = (): AgentState => this.#state;
    return {
      get state() {
        return state();
      },
    };
  }

  #every(intervalMs: number, run: () => void): void {
    this.clock.after(intervalMs, () => {
      run();
      this.#every(intervalMs, run);
    });
  }

  #asked(): void {
    this.questions.push(this.nowMs);
    this.#unanswered += 1;
    this.clock.after(this.answerMs, () => {
      if (this.answers) this.hear();
    });
  }

  #status(): BridgeStatus {
    return {
      phase: "ready",
      identity: { version: "4.2.21", dialect: 4 },
      acks: "on",
      queued: 0,
      inFlight: 0,
      unreadBytes: 0,
      sessions: new Map(),
      lastHeardAtMs: this.#heardMs,
      linesDropped: 0,
    };
  }
}

/** One service with a check of this timing. */
export function planWith(timing: Parameters<typeof tcpCheck>[2]): Plan {
  const { pop, services } = planOf("a");
  const checks = [tcpCheck("a/port", 9, timing)];
  return { pop, services: services.map((service) => ({ ...service, checks })) };
}
