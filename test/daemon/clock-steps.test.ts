/** What is said of steps of the wall clock. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClockSteps } from "../../src/daemon/clock-steps.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { manualClock, memoryLog } from "./fixtures.ts";

function watching() {
  const clock = manualClock();
  const { log, lines } = memoryLog();
  const problems = new Problems(clock, log);
  const steps = new ClockSteps({ clock, log, problems });
  return { clock, steps, lines, problems: () => problems.list().map(({ detail }) => detail) };
}

describe("a step of the wall clock", () => {
  test("is a problem, and the suspicion of every lost session, for three minutes", () => {
    const { clock, steps, problems } = watching();
    assert.equal(steps.suspicion, undefined);
    steps.stepped(60_000);
    clock.advance(1500);
    assert.equal(steps.suspicion, "the clock was set forward by 60 s, 1.5 s ago");
    assert.deepEqual(problems(), [
      "the clock was set forward by 60 s: nothing of the agent moves, but ExaBGP loses sessions with a shorter hold time",
    ]);
    clock.advance(178_499);
    assert.equal(problems().length, 1);
    clock.advance(1);
    assert.deepEqual(problems(), []);
    assert.equal(steps.suspicion, undefined);
  });

  test("counts with those before it, from the last of which the time begins", () => {
    const { clock, steps, problems } = watching();
    steps.stepped(60_000);
    clock.advance(170_000);
    steps.stepped(-60_000);
    clock.advance(20_000);
    assert.equal(steps.suspicion, "the clock was set back by 60 s, 20 s ago");
    assert.match(problems()[0] ?? "", /^the clock was set back by 60 s, the last of 2 times:/);
    clock.advance(160_000);
    assert.deepEqual(problems(), []);
  });

  test("below every hold time is logged, and nothing more", () => {
    const { steps, problems, lines } = watching();
    steps.stepped(-2999);
    assert.deepEqual(problems(), []);
    assert.equal(steps.suspicion, undefined);
    assert.deepEqual(
      lines.map(({ msg, seconds }) => [msg, seconds]),
      [["wall clock was set", -3]],
    );
  });

  test("leaves no timer behind", () => {
    const { clock, steps } = watching();
    steps.stepped(60_000);
    steps.stop();
    assert.equal(clock.pending, 0);
  });
});
