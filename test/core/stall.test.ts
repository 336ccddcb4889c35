/** Properties of stalls: a healthy service is safe from them, and a dead one cannot hide behind them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fail, pass } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Input } from "../../src/core/inputs.ts";
import type { AgentState } from "../../src/core/state.ts";
import { planOf } from "../daemon/fixtures.ts";

const CHECK = "dns/port";

type Word = "pass" | "fail" | "stall";

/** Each is a second after the last, attempts take no time. @returns The state after each word. */
function run(words: readonly Word[], fall: number): AgentState[] {
  const plan = planOf("dns");
  const services = plan.services.map((service) => ({
    ...service,
    checks: service.checks.map((check) => ({ ...check, rise: 1, fall })),
  }));
  let { state } = startAgent({ ...plan, services }, new Map(), [], 0);
  return words.map((word, nth) => {
    const nowMs = (nth + 1) * 1000;
    const input: Input =
      word === "stall"
        ? { type: "stalled" }
        : {
            type: "result",
            check: CHECK,
            result: word === "pass" ? pass() : fail("timeout", ""),
            startedMs: nowMs,
            elapsedMs: 0,
          };
    state = step(state, input, nowMs).state;
    return state;
  });
}

const verdictOf = (state: AgentState | undefined) => state?.checks[0]?.health.verdict;

describe("stalls", () => {
  test("however many, add less than one round of failures to the end of a dead service", () => {
    let longest = 0;
    const words = fc.array(fc.constantFrom<Word>("fail", "stall"), {
      minLength: 20,
      maxLength: 60,
    });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 5 }), (after, fall) => {
        const states = run(["pass", ...after], fall);
        const downAt = states.findIndex((state) => verdictOf(state) === "down");
        const before = downAt < 0 ? after : after.slice(0, downAt);
        const failures = before.filter((word) => word === "fail").length;
        assert.ok(failures <= 2 * fall - 1, `${failures} failures`);
        if (downAt >= 0) longest = Math.max(longest, failures / fall);
      }),
    );
    // Some of them were excused.
    assert.ok(longest > 1, `${longest} rounds`);
  });

  test("ask for a full round of failures after the first one since a pass", () => {
    let excused = 0;
    const kinds = ["pass", "fail", "fail", "fail", "fail", "stall"] as const;
    const words = fc.array(fc.constantFrom<Word>(...kinds), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 4 }), (after, fall) => {
        const all: Word[] = ["pass", ...after];
        const states = run(all, fall);
        for (const [at, state] of states.entries()) {
          if (verdictOf(state) !== "down" || verdictOf(states[at - 1]) === "down") continue;
          const sincePass = all.slice(all.slice(0, at).lastIndexOf("pass") + 1, at + 1);
          const first = sincePass.slice(sincePass.indexOf("fail"));
          const round = first.slice(first.indexOf("stall") + 1);
          assert.ok(round.filter((word) => word === "fail").length >= fall, first.join(" "));
          if (first.includes("stall")) excused += 1;
        }
      }),
    );
    assert.ok(excused > 10, `${excused} runs had a stall among their failures`);
  });

  test("change no verdict, and nothing that is announced", () => {
    const words = fc.array(fc.constantFrom<Word>("pass", "fail", "stall"), { maxLength: 40 });
    fc.assert(
      fc.property(words, (all) => {
        const states = run(all, 2);
        for (const [at, word] of all.entries()) {
          if (word !== "stall" || at === 0) continue;
          assert.equal(verdictOf(states[at]), verdictOf(states[at - 1]));
          assert.equal(states[at]?.routes, states[at - 1]?.routes);
        }
      }),
    );
  });
});
