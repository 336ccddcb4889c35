/** What the agent says of its own judgement. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fail, inconclusive, pass, type Result } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Input, VerdictChange } from "../../src/core/inputs.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { SelfWatch } from "../../src/daemon/self-watch.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

function watching(...names: string[]) {
  const clock = manualClock();
  const { log, lines } = memoryLog();
  const problems = new Problems(clock, log);
  const verdicts: VerdictChange[] = [];
  const events = { verdict: (change: VerdictChange) => void verdicts.push(change) };
  const watch = new SelfWatch({ clock, log, problems, events });
  const inputs: Input[] = [];
  let { state } = startAgent(planOf(...names), new Map(), [], clock.nowMs());
  const dispatch = (input: Input): undefined => {
    inputs.push(input);
    const taken = step(state, input, clock.nowMs());
    state = taken.state;
    for (const action of taken.actions) if (action.type === "verdict") watch.verdict(action);
  };
  watch.start({
    get state() {
      return state;
    },
    dispatch,
  });
  return {
    clock,
    watch,
    inputs,
    verdicts,
    lines,
    result: (service: string, result: Result) =>
      dispatch({
        type: "result",
        check: `${service}/port`,
        result,
        startedMs: clock.nowMs(),
        elapsedMs: 0,
      }),
    problems: () => problems.list().map(({ word, detail }) => `${word}: ${detail}`),
  };
}

describe("the agent's watch of itself", () => {
  test("tells the core of a stall, counts it, and shows it for a minute", () => {
    const { clock, watch, inputs, problems, lines } = watching();
    clock.stall(30_050);
    clock.advance(0);
    assert.deepEqual(inputs, [{ type: "stalled" }]);
    assert.deepEqual(watch.stalls, { count: 1, seconds: 30.05 });
    assert.deepEqual(problems(), [
      "stalled: the agent stood still for 30.1 s: results begun before do not count, failures in a row begin anew",
    ]);
    clock.advance(59_000);
    clock.stall(2000);
    clock.advance(0);
    assert.match(
      problems()[0] ?? "",
      /^stalled: the agent stood still for 2 s, the last of 2 times:/,
    );
    clock.advance(59_999);
    assert.equal(problems().length, 1);
    clock.advance(1);
    assert.deepEqual(problems(), []);
    assert.equal(lines.filter(({ msg }) => msg === "agent stood still").length, 2);
  });

  test("names the checks that it cannot judge, and why, until it can", () => {
    const { clock, problems, result } = watching("a", "b", "c");
    const none = inconclusive("no-descriptors", "connect EMFILE 127.0.0.1:9");
    const round = (b: Result) => {
      result("a", none);
      result("b", b);
      result("c", pass());
      clock.advance(1000);
    };
    for (let second = 0; second < 6; second += 1) round(none);
    assert.deepEqual(problems(), []);
    round(none);
    assert.deepEqual(problems(), [
      "inconclusive-checks: 2 of 3 checks cannot be judged: no-descriptors (a/port and b/port: connect EMFILE 127.0.0.1:9)",
    ]);
    for (let second = 7; second < 61; second += 1) round(inconclusive("resolver-failed", ""));
    assert.deepEqual(problems(), [
      "inconclusive-checks: 2 of 3 checks cannot be judged, 2 of them stale: no-descriptors (a/port: connect EMFILE 127.0.0.1:9); resolver-failed (b/port)",
    ]);
    result("a", fail("refused", ""));
    result("b", pass());
    clock.advance(1000);
    assert.deepEqual(problems(), []);
  });

  test("takes one bad result, and what it missed in a stall, for no doubt", () => {
    const { clock, problems, result } = watching("a");
    result("a", pass());
    clock.advance(2500);
    result("a", inconclusive("stalled", ""));
    clock.advance(500);
    assert.deepEqual(problems(), []);
    result("a", pass());
    clock.stall(20_000);
    clock.advance(0);
    result("a", inconclusive("stalled", ""));
    clock.advance(2000);
    assert.deepEqual(
      problems().filter((problem) => !problem.startsWith("stalled")),
      [],
    );
  });

  test("names a check that has no result at all", () => {
    const { clock, problems } = watching("a");
    clock.advance(60_000);
    assert.deepEqual(problems(), []);
    clock.advance(1000);
    assert.match(
      problems()[0] ?? "",
      /1 of 1 checks cannot be judged, 1 of them stale: no result \(a/,
    );
  });

  test("suspects a common cause, and hands on each verdict", () => {
    const { clock, problems, result, verdicts } = watching("a", "b", "c");
    for (const name of ["a", "b", "c"]) result(name, pass());
    clock.advance(1000);
    for (const name of ["a", "b", "c"]) result(name, fail("unreachable", "no route"));
    clock.advance(1000);
    assert.match(problems()[0] ?? "", /^common-cause: 3 of 3 checks went down within 0 s/);
    assert.equal(verdicts.length, 6);
    for (const name of ["a", "b"]) result(name, pass());
    clock.advance(1000);
    assert.deepEqual(problems(), []);
  });
});
