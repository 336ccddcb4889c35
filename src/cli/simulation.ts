/** What given results would cause: the core itself, fed at the pace of the configuration, with an ExaBGP that obeys. */
import { encodeAnnounce, encodeWithdraw } from "exabgp-ts-bridge";
import { fail, inconclusive, pass, type Outcome, type Result } from "../../checks/probe.ts";
import type { CheckPlan, ServicePlan } from "../config/plan.ts";
import { step } from "../core/agent.ts";
import { startAgent } from "../core/configure.ts";
import { streak, type Verdict } from "../core/health.ts";
import type { Drain, Input } from "../core/inputs.ts";
import { dueMs } from "../core/orders.ts";
import { paceOf } from "../core/pace.ts";
import type { AgentState, Step } from "../core/state.ts";

/** One thing that would happen; milliseconds since the first attempt. */
export type Happening =
  | {
      readonly atMs: number;
      readonly type: "result";
      readonly check: string;
      readonly outcome: Outcome;
      /** `1/3`, empty when it contradicts nothing. */
      readonly streak: string;
      readonly verdict: Verdict;
    }
  | {
      readonly atMs: number;
      readonly type: "transition";
      readonly from: string;
      readonly to: string;
      readonly reason: string;
    }
  | { readonly atMs: number; readonly type: "command"; readonly line: string };

export interface Scenario {
  readonly service: ServicePlan;
  /** By name of the check, in their order; a check that is not named passes whenever it is probed. */
  readonly results: ReadonlyMap<string, readonly Outcome[]>;
  readonly drainAtMs: number | undefined;
  readonly undrainAtMs: number | undefined;
}

const RESULTS: Readonly<Record<Outcome, Result>> = {
  pass: pass(),
  fail: fail("timeout", "simulated"),
  inconclusive: inconclusive("stalled", "simulated"),
};

/** How often a check is probed whose results nobody gave: a drain of a week is not simulated to its end. */
const ASSUMED_MAX = 10_000;

export function simulate(scenario: Scenario): Happening[] {
  const run = new Run(scenario);
  return run.happenings();
}

interface Attempts {
  readonly check: CheckPlan;
  readonly given: readonly Outcome[] | undefined;
  done: number;
  nextMs: number;
}

class Run {
  readonly #happenings: Happening[] = [];
  readonly #attempts: Attempts[];
  readonly #orders: { atMs: number; drains: readonly Drain[] }[] = [];
  #state: AgentState;

  constructor(scenario: Scenario) {
    const { service, results, drainAtMs, undrainAtMs } = scenario;
    this.#attempts = service.checks.map((check) => ({
      check,
      given: results.get(check.name),
      done: 0,
      nextMs: 0,
    }));
    if (drainAtMs !== undefined) {
      this.#orders.push({ atMs: drainAtMs, drains: [drainOf(service.name, drainAtMs)] });
    }
    if (undrainAtMs !== undefined) this.#orders.push({ atMs: undrainAtMs, drains: [] });
    const plan = { pop: "simulation", services: [service] };
    this.#state = startAgent(plan, new Map(), [], 0).state;
  }

  happenings(): Happening[] {
    for (let next = this.#next(); next !== undefined; next = this.#next()) next();
    return this.#happenings;
  }

  /** Whatever is due first; undefined when nothing is left that was asked for. */
  #next(): (() => void) | undefined {
    const isOver = this.#attempts.every(({ given, done }) => done >= (given?.length ?? 0));
    const attempt = this.#attempts
      .filter(({ given, done }) => done < (given?.length ?? ASSUMED_MAX))
      .toSorted((left, right) => left.nextMs - right.nextMs)[0];
    const [order] = this.#orders;
    const stageMs = dueMs(this.#state);
    const attemptMs = attempt?.nextMs ?? Infinity;
    const orderMs = order?.atMs ?? Infinity;
    if (order !== undefined && orderMs <= attemptMs && orderMs <= (stageMs ?? Infinity)) {
      return () => {
        this.#orders.shift();
        this.#take({ type: "drains", drains: order.drains, undrains: [] }, order.atMs);
      };
    }
    if (stageMs !== undefined && stageMs <= attemptMs) {
      return () => this.#take({ type: "tick" }, stageMs);
    }
    // What nobody gave goes on for as long as something is still to come.
    const isWanted = !isOver || order !== undefined || stageMs !== undefined;
    return attempt !== undefined && isWanted ? () => this.#attempt(attempt) : undefined;
  }

  #attempt(attempt: Attempts): void {
    const { check, given, nextMs } = attempt;
    const outcome = given?.[attempt.done] ?? "pass";
    attempt.done += 1;
    const shown = this.#happenings.length;
    const result = RESULTS[outcome];
    const input = { type: "result", check: check.id, result, startedMs: nextMs } as const;
    this.#take({ ...input, elapsedMs: 0 }, nextMs);
    const health = this.#state.checks[this.#state.index.checkAt.get(check.id) ?? -1]?.health;
    if (health === undefined) return;
    attempt.nextMs = nextMs + paceOf({ health, burst: undefined }, check.timing);
    if (given === undefined) return;
    this.#happenings.splice(shown, 0, {
      atMs: nextMs,
      type: "result",
      check: check.name,
      outcome,
      streak: streak(health, check),
      verdict: health.verdict,
    });
  }

  #take(input: Input, atMs: number): void {
    const { state, actions }: Step = step(this.#state, input, atMs);
    this.#state = state;
    for (const action of actions) {
      if (action.type === "transition") {
        const { from, to, reason } = action;
        this.#happenings.push({ atMs, type: "transition", from, to, reason });
      }
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      const { route, change } = action;
      const line = (action.type === "announce" ? encodeAnnounce : encodeWithdraw)(route);
      this.#happenings.push({ atMs, type: "command", line });
      const answer = { prefix: route.prefix, change, done: true };
      this.#take({ type: "answers", answers: [answer] }, atMs);
    }
  }
}

function drainOf(service: string, startedMs: number): Drain {
  return {
    service,
    kind: "operator",
    reason: "simulated",
    by: "simulation",
    since: undefined,
    until: undefined,
    problem: undefined,
    startedMs,
    endsAtMs: undefined,
    gracefulMs: undefined,
    transient: false,
  };
}
