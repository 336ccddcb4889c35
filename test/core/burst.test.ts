import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fail, inconclusive, pass, type Result } from "../../checks/probe.ts";
import type { CheckPlan } from "../../src/config/plan.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Transition } from "../../src/core/inputs.ts";
import { paceOf } from "../../src/core/pace.ts";
import { REQUIRED, UNSTAGED } from "./fixtures.ts";

const CHECK: CheckPlan = {
  id: "web/port",
  name: "port",
  rise: 2,
  fall: 3,
  ...REQUIRED,
  timing: { intervalMs: 1000, fastIntervalMs: 10, slowIntervalMs: 2000, timeoutMs: 500 },
  spec: { type: "tcp", host: "127.0.0.1", port: 80, watch: false },
};

const RESULTS: Readonly<Record<string, Result>> = {
  P: pass(),
  F: fail("refused", ""),
  I: inconclusive("stalled", ""),
};

/** Takes an up check through `E`vents and results, 10 ms apart; gives the pace after each, and the transitions. */
function run(letters: string) {
  const routes = [{ prefix: "192.0.2.0/24", nextHop: "self" }];
  const web = { name: "web", require: "all", shared: "all", routes, ...UNSTAGED } as const;
  let { state } = startAgent(
    { pop: "p", services: [{ ...web, checks: [CHECK] }] },
    new Map(),
    [],
    0,
  );
  const transitions: Transition[] = [];
  const paces: number[] = [];
  for (const [nth, letter] of [...`PP${letters}`].entries()) {
    const nowMs = 1000 + nth * 10;
    const result = RESULTS[letter];
    const taken =
      result === undefined
        ? step(
            state,
            { type: "event", check: "web/port", word: "connection-lost", detail: "" },
            nowMs,
          )
        : step(
            state,
            { type: "result", check: "web/port", result, startedMs: nowMs, elapsedMs: 0 },
            nowMs,
          );
    state = taken.state;
    transitions.push(
      ...taken.actions.flatMap((action) => (action.type === "transition" ? [action] : [])),
    );
    const [known] = state.checks;
    assert.ok(known !== undefined);
    paces.push(paceOf(known, CHECK.timing));
  }
  return { paces: paces.slice(2), transitions: transitions.slice(1) };
}

describe("a burst", () => {
  it("goes on at fast-interval until as many results agree as the slower threshold asks for", () => {
    assert.deepEqual(run("EPPPP").paces, [10, 10, 10, 1000, 1000]);
  });

  it("begins to count anew after a contrary result, and after another event", () => {
    assert.deepEqual(run("EPPFPPP").paces, [10, 10, 10, 10, 10, 10, 1000]);
    assert.deepEqual(run("EPPEPPP").paces, [10, 10, 10, 10, 10, 10, 1000]);
  });

  it("is not settled by inconclusive results", () => {
    assert.deepEqual(run("EIIII").paces, [10, 10, 10, 10, 10]);
  });

  it("ends with a new verdict", () => {
    const { paces, transitions } = run("EFFF");
    assert.deepEqual(paces, [10, 10, 10, 2000]);
    assert.deepEqual(
      transitions.map(({ from, to, detectMs }) => [from, to, detectMs]),
      [["up", "down", 30]],
    );
  });

  it("has found out what it found since the first event that no pass came after", () => {
    const detectMs = (letters: string) => run(letters).transitions.map((one) => one.detectMs);
    assert.deepEqual(detectMs("EEFFF"), [40]);
    assert.deepEqual(detectMs("EPPEPEFFF"), [30]);
  });

  it("withdraws nothing by itself", () => {
    assert.deepEqual(run("EEEEEEEEEE").transitions, []);
  });
});
