import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { step } from "../../src/core/agent.ts";
import { CANARY, CANARY_DECISION, canaryMistake } from "../../src/core/canary.ts";
import { startAgent } from "../../src/core/configure.ts";
import { refuseMassWithdrawal } from "../../src/core/mass-withdrawal.ts";
import type { AgentState, Step } from "../../src/core/state.ts";
import { drain } from "./fixtures.ts";

const ROUTE = { prefix: "203.0.113.0/24", nextHop: "self" };
const PLAN = { pop: "fra1", services: [] };

function quiet(): AgentState {
  return { ...startAgent(PLAN, new Map(), [], 0).state, awaitsRib: false };
}

function begin(state = quiet()): Step {
  return step(state, { type: "canary", route: ROUTE }, 0);
}

function answered({ state, actions }: Step, done: boolean): AgentState {
  const answers = actions.flatMap((one) =>
    "change" in one ? [{ prefix: one.route.prefix, change: one.change, done }] : [],
  );
  return step(state, { type: "answers", answers }, 0).state;
}

describe("the self-test of withdrawal", () => {
  it("is one announcement and one withdrawal of the same route, and leaves nothing that is owned", () => {
    const first = begin();
    assert.deepEqual(first.actions, [
      { type: "announce", route: ROUTE, change: 1, decision: CANARY_DECISION },
    ]);
    assert.deepEqual(first.state.routes.get(ROUTE.prefix)?.owned?.services, [CANARY]);
    const last = step(answered(first, true), { type: "canary-over" }, 0);
    assert.deepEqual(last.actions, [
      { type: "withdraw", route: ROUTE, change: 2, decision: CANARY_DECISION },
    ]);
    const state = answered(last, true);
    assert.equal(state.routes.get(ROUTE.prefix)?.owned, undefined);
    assert.equal(canaryMistake(state), undefined);
    assert.equal(state.flaps.size, 0);
  });

  it("is withdrawn whatever became of the announcement, and the withdrawal repeated when it fails", () => {
    const last = step(answered(begin(), false), { type: "canary-over" }, 0);
    assert.deepEqual(
      last.actions.map(({ type }) => type),
      ["withdraw"],
    );
    const failed = answered(last, false);
    const again = step(failed, { type: "tick" }, 60_000);
    assert.deepEqual(
      again.actions.map(({ type }) => type),
      ["withdraw"],
    );
  });

  it("is left alone by time and by a reload, while it is under way", () => {
    const state = answered(begin(), true);
    assert.deepEqual(step(state, { type: "tick" }, 60_000).actions, []);
    const reload = { type: "reload", plan: PLAN, actor: "agent", force: false } as const;
    assert.deepEqual(step(state, reload, 0).actions, []);
  });

  it("is withdrawn by the next life", () => {
    const owned = answered(begin(), true).routes.get(ROUTE.prefix)?.owned;
    assert.ok(owned !== undefined);
    const { actions } = startAgent(PLAN, new Map([[ROUTE.prefix, owned]]), [], 0);
    assert.ok(actions.some((one) => one.type === "withdraw" && one.route.prefix === ROUTE.prefix));
    // It alone is no mass.
    const { routes } = answered(begin(), true);
    assert.equal(
      refuseMassWithdrawal(routes, () => false, "agent"),
      undefined,
    );
  });

  it("is not begun twice, nor where the agent must announce nothing", () => {
    const states: AgentState[] = [
      begin().state,
      { ...quiet(), awaitsRib: true },
      { ...quiet(), areDrainsComplete: false },
      { ...quiet(), stopping: true },
      { ...quiet(), drains: [drain({ service: "_all" })] },
    ];
    for (const state of states) {
      assert.notEqual(canaryMistake(state), undefined);
      assert.deepEqual(begin(state).actions, []);
    }
  });

  it("ends without a command when it never began", () => {
    assert.deepEqual(step(quiet(), { type: "canary-over" }, 0).actions, []);
  });
});
