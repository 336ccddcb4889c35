/** A service that flaps, through the real core; and what routers upstream make of its UPDATEs. */
import assert from "node:assert/strict";
import { fail, pass } from "../../checks/probe.ts";
import type { Hold, ServicePlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Input } from "../../src/core/inputs.ts";
import { dueMs } from "../../src/core/orders.ts";
import type { AgentState } from "../../src/core/state.ts";
import { REQUIRED, UNSTAGED } from "./fixtures.ts";

export interface Update {
  readonly ms: number;
  readonly type: "announce" | "withdraw";
}

export interface Flapping {
  readonly hold: Hold | undefined;
  readonly rise: number;
  readonly fall: number;
  /** When a probe is made, and what comes of it. */
  readonly results: Iterable<readonly [ms: number, passes: boolean]>;
}

/** What goes to ExaBGP, with every decision at its exact moment; and how many decisions there were. */
export function flap({ hold, rise, fall, results }: Flapping): {
  readonly updates: readonly Update[];
  readonly decisions: number;
} {
  const run = new Run(serviceOf(hold, rise, fall));
  for (const [ms, passes] of results) {
    run.passTo(ms);
    const result = passes ? pass() : fail("refused", "");
    run.dispatch({ type: "result", check: "dns/udp", result, startedMs: ms, elapsedMs: 0 }, ms);
  }
  return { updates: run.updates, decisions: run.decisions };
}

class Run {
  readonly updates: Update[] = [];
  decisions = 0;
  #state: AgentState;

  constructor(service: ServicePlan) {
    this.#state = startAgent({ pop: "p", services: [service] }, new Map(), [], 0).state;
  }

  /** What is due in between happens when it is due. */
  passTo(ms: number): void {
    for (;;) {
      const due = dueMs(this.#state);
      if (due === undefined || due > ms) return;
      this.dispatch({ type: "tick" }, due);
      assert.ok((dueMs(this.#state) ?? Infinity) > due, "what is due does not happen");
    }
  }

  dispatch(input: Input, ms: number): void {
    const { state, actions } = step(this.#state, input, ms);
    this.#state = state;
    for (const action of actions) {
      if (action.type === "transition") this.decisions += 1;
      if (action.type !== "announce" && action.type !== "withdraw") continue;
      // A first withdrawal only cleans up: nobody upstream sees it.
      if (this.updates.length > 0 || action.type === "announce") {
        this.updates.push({ ms, type: action.type });
      }
      const { prefix } = action.route;
      const answer = { prefix, change: action.change, done: true };
      this.dispatch({ type: "answers", answers: [answer] }, ms);
    }
    const isDown = this.#state.checks[0]?.health.verdict === "down";
    assert.ok(!isDown || this.updates.at(-1)?.type !== "announce", "a withdrawal waits");
  }
}

function serviceOf(hold: Hold | undefined, rise: number, fall: number): ServicePlan {
  const timing = { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 };
  return {
    name: "dns",
    shared: "all",
    require: "all",
    routes: [{ prefix: "192.0.2.0/24", nextHop: "self" }],
    ...UNSTAGED,
    hold,
    checks: [
      {
        id: "dns/udp",
        name: "udp",
        rise,
        fall,
        ...REQUIRED,
        timing,
        spec: { type: "tcp", host: "127.0.0.1", port: 53, watch: false },
      },
    ],
  };
}

/** A vendor's defaults for the figure of merit of RFC 2439; a route is suppressed when it exceeds `suppress`. */
export interface Damping {
  readonly withdrawal: number;
  readonly readvertisement: number;
  readonly suppress: number;
  readonly reuse: number;
  readonly halfLifeMs: number;
  readonly maxSuppressMs: number;
}

const MINUTE_MS = 60_000;
const COMMON = {
  withdrawal: 1000,
  reuse: 750,
  halfLifeMs: 15 * MINUTE_MS,
  maxSuppressMs: 60 * MINUTE_MS,
};

export const DAMPINGS: Readonly<Record<string, Damping>> = {
  cisco: { ...COMMON, readvertisement: 0, suppress: 2000 },
  juniper: { ...COMMON, readvertisement: 1000, suppress: 3000 },
};

/** The greatest penalty that the UPDATEs earn, and after which of the withdrawals the route is suppressed. */
export function penalize(
  updates: readonly Update[],
  { withdrawal, readvertisement, suppress, reuse, halfLifeMs, maxSuppressMs }: Damping,
): { readonly greatest: number; readonly suppressedAfter: number | undefined } {
  const ceiling = reuse * 2 ** (maxSuppressMs / halfLifeMs);
  let penalty = 0;
  let greatest = 0;
  let withdrawals = 0;
  let suppressedAfter: number | undefined;
  let lastMs = 0;
  for (const { ms, type } of updates) {
    const decayed = penalty * 2 ** (-(ms - lastMs) / halfLifeMs);
    // The first advertisement is none again.
    const earned = type === "withdraw" ? withdrawal : withdrawals === 0 ? 0 : readvertisement;
    penalty = Math.min(ceiling, decayed + earned);
    lastMs = ms;
    if (type === "withdraw") withdrawals += 1;
    greatest = Math.max(greatest, penalty);
    if (penalty > suppress) suppressedAfter ??= withdrawals;
  }
  return { greatest, suppressedAfter };
}
