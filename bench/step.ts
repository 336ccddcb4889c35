/**
 * What one input costs the core: microseconds per `step` with 1,000 services of one check and one prefix each.
 * Usage: node dist/bench/step.js [ROUNDS], 40 by default.
 */
import { fail, pass, type Result } from "../checks/probe.ts";
import type { Plan } from "../src/config/plan.ts";
import { step } from "../src/core/agent.ts";
import { startAgent } from "../src/core/configure.ts";
import type { Input } from "../src/core/inputs.ts";
import type { AgentState } from "../src/core/state.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { median } from "./statistics.ts";
import { formatTable, print } from "./table.ts";

const SERVICES = 1000;

/** Rounds until the compiler has settled; the first ones take several times as long. */
const WARM_UP_ROUNDS = 10;

const TIMING = { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 };

const PLAN: Plan = {
  pop: "bench",
  services: Array.from({ length: SERVICES }, (_, nth) => ({
    name: `s${nth}`,
    require: "all",
    shared: "all",
    routes: [{ prefix: `10.${nth >> 8}.${nth & 255}.0/24`, nextHop: "self", med: 100 }],
    when: {},
    drainDelayMs: 0,
    minUpTimeMs: 0,
    hold: undefined,
    checks: [
      {
        id: `s${nth}/web`,
        name: "web",
        rise: 3,
        fall: 3,
        weight: 1,
        advisory: false,
        use: undefined,
        timing: TIMING,
        spec: { type: "tcp", host: "127.0.0.1", port: 80, watch: false },
      },
    ],
  })),
};

/** An agent's life without a shell: the state, and a clock that moves by itself. */
class Life {
  #state: AgentState = startAgent(PLAN, new Map(), [], 0).state;
  #nowMs = 0;

  /**
   * Gives one result of each check to the core, and ExaBGP's answers to what comes of it.
   *
   * @returns Microseconds per result, and how many changed the state of their service; without the answers.
   */
  sweep(result: Result): { readonly resultUs: number; readonly changed: number } {
    this.#nowMs += 1000;
    const inputs = PLAN.services.map(({ name }): Input => ({
      type: "result",
      check: `${name}/web`,
      result,
      startedMs: this.#nowMs,
      elapsedMs: 1,
    }));
    const taken = [];
    let state = this.#state;
    const startedMs = performance.now();
    for (const input of inputs) {
      const one = step(state, input, this.#nowMs + 1);
      state = one.state;
      taken.push(one);
    }
    const resultUs = ((performance.now() - startedMs) * 1000) / inputs.length;
    const actions = taken.flatMap((one) => one.actions);
    const answers = actions.flatMap((action) => {
      if (action.type !== "announce" && action.type !== "withdraw") return [];
      return [{ prefix: action.route.prefix, change: action.change, done: true }];
    });
    state = step(state, { type: "answers", answers }, this.#nowMs + 2).state;
    this.#state = state;
    return { resultUs, changed: actions.filter(({ type }) => type === "transition").length };
  }
}

/** One service's way through a round; every row is one result for each of the 1,000. */
const SWEEPS = [
  { name: "pass while up: nothing changes", result: pass(), changed: 0 },
  { name: "first failure: counted", result: fail("refused", "x"), changed: 0 },
  { name: "second failure: counted", result: fail("refused", "x"), changed: 0 },
  { name: "third failure: down, withdrawn", result: fail("refused", "x"), changed: SERVICES },
  { name: "failure while down: nothing changes", result: fail("refused", "x"), changed: 0 },
  { name: "first pass: counted", result: pass(), changed: 0 },
  { name: "second pass: counted", result: pass(), changed: 0 },
  { name: "third pass: up, announced", result: pass(), changed: SERVICES },
] as const;

async function main(rounds: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}; ${rounds} rounds\n`);
  const life = new Life();
  for (let rise = 0; rise < 3; rise += 1) life.sweep(pass());
  const series = SWEEPS.map((): number[] => []);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const [at, { name, result, changed }] of SWEEPS.entries()) {
      const swept = life.sweep(result);
      if (swept.changed !== changed) {
        throw new Error(`Cannot measure "${name}": ${swept.changed} services changed`);
      }
      if (round >= 0) series[at]?.push(swept.resultUs);
    }
  }
  print(`One result, ${SERVICES} services, microseconds:\n`);
  print(
    formatTable(
      ["result", "median round", "worst round"],
      SWEEPS.map(({ name }, at) => {
        const values = series[at] ?? [];
        return [name, median(values).toFixed(2), Math.max(...values).toFixed(2)];
      }),
    ),
  );
  print(`\n${describeLoad("after")}`);
}

await main(Number(process.argv[2] ?? 40));
