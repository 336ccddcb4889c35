import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { describe, test } from "node:test";
import fc from "fast-check";
import { attempt } from "../../checks/attempt.ts";
import { fail, inconclusive, pass, type Probe, type Result } from "../../checks/probe.ts";
import { manualTimers, type ManualTimers } from "./manual-timers.ts";

const TIMEOUT_MS = 500;

/** Settles `afterMs` after its start; `obeys` says what an abort does to it. */
function scripted(
  timers: ManualTimers,
  afterMs: number,
  end: Result | Error,
  obeys: boolean,
): Probe {
  return (signal) =>
    new Promise((resolve, reject) => {
      timers.after(afterMs, () => (end instanceof Error ? reject(end) : resolve(end)));
      if (obeys) signal.addEventListener("abort", () => resolve(fail("timeout", "obeyed")));
    });
}

describe("attempt", () => {
  const cases: {
    name: string;
    afterMs: number;
    end: Result | Error;
    obeys?: boolean;
    outcome: string;
    reason: string;
    error?: RegExp;
    elapsedMs: number;
  }[] = [
    {
      name: "a pass in time",
      afterMs: 20,
      end: pass("ok"),
      outcome: "pass",
      reason: "passed",
      elapsedMs: 20,
    },
    {
      name: "a failure in time",
      afterMs: 20,
      end: fail("refused", ""),
      outcome: "fail",
      reason: "refused",
      elapsedMs: 20,
    },
    {
      name: "a probe that obeys the abort",
      afterMs: 9e9,
      end: pass(),
      obeys: true,
      outcome: "fail",
      reason: "timeout",
      elapsedMs: 500,
    },
    {
      name: "a probe that ignores the abort",
      afterMs: 9e9,
      end: pass(),
      outcome: "inconclusive",
      reason: "internal",
      error: /did not stop/,
      elapsedMs: 550,
    },
    {
      name: "a probe that rejects",
      afterMs: 20,
      end: new TypeError("secret"),
      outcome: "inconclusive",
      reason: "internal",
      error: /secret/,
      elapsedMs: 20,
    },
  ];

  for (const { name, afterMs, end, obeys = false, ...expected } of cases) {
    test(name, async () => {
      const timers = manualTimers();
      const running = attempt(scripted(timers, afterMs, end, obeys), TIMEOUT_MS, timers);
      for (let step = 0; step < 60; step += 1) {
        timers.advance(10);
        await turn();
      }
      const { result, startedMs, elapsedMs, error } = await running;
      assert.equal(result.outcome, expected.outcome);
      assert.equal(result.reason, expected.reason);
      assert.equal(elapsedMs, expected.elapsedMs);
      assert.equal(startedMs, 1000);
      if (expected.error === undefined) assert.equal(error, undefined);
      else assert.match(error?.stack ?? "", expected.error);
      assert.doesNotMatch(result.detail, /secret/);
    });
  }

  test("a probe that throws at once is internal, and leaves no timer", async () => {
    const timers = manualTimers();
    const bug = new RangeError("bug");
    const { result, error } = await attempt(
      () => {
        throw bug;
      },
      TIMEOUT_MS,
      timers,
    );
    assert.deepEqual(result, inconclusive("internal", "RangeError"));
    assert.equal(error, bug);
    assert.equal(timers.pending, 0);
  });

  test("the probe tells why time was over", async () => {
    const timers = manualTimers();
    const resolving: Probe = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(inconclusive("resolver-failed", "")));
      });
    const running = attempt(resolving, TIMEOUT_MS, timers);
    timers.advance(TIMEOUT_MS);
    assert.equal((await running).result.reason, "resolver-failed");
    assert.equal(timers.pending, 0);
  });

  test("a loser of the race is told to close", async () => {
    const timers = manualTimers();
    let aborted = false;
    const both: Probe = (signal) => {
      signal.addEventListener("abort", () => (aborted = true));
      return Promise.resolve(pass());
    };
    await attempt(both, TIMEOUT_MS, timers);
    assert.equal(aborted, true);
  });

  for (const end of [pass(), fail("wrong-status", "status 503"), new Error("bug")]) {
    const name = end instanceof Error ? "internal" : end.reason;
    test(`after a stall longer than the timeout "${name}" does not count`, async () => {
      const timers = manualTimers();
      let finish: () => void = () => undefined;
      const probe: Probe = () =>
        new Promise((resolve, reject) => {
          finish = () => (end instanceof Error ? reject(end) : resolve(end));
        });
      const running = attempt(probe, TIMEOUT_MS, timers);
      timers.stall(2 * TIMEOUT_MS + 1);
      finish();
      const { result, error } = await running;
      assert.equal(result.outcome, "inconclusive");
      assert.equal(result.reason, "stalled");
      assert.equal(error, end instanceof Error ? end : undefined);
    });
  }

  test("a timer that fires after a long stall finds no timeout", async () => {
    const timers = manualTimers();
    const running = attempt(scripted(timers, 9e9, pass(), true), TIMEOUT_MS, timers);
    timers.stall(2 * TIMEOUT_MS + 1);
    timers.advance(1);
    assert.equal((await running).result.reason, "stalled");
  });

  test("an answer that came during a short stall counts", async () => {
    const timers = manualTimers();
    let finish: () => void = () => undefined;
    const probe: Probe = (signal) =>
      new Promise((resolve) => {
        finish = () => resolve(pass());
        signal.addEventListener("abort", () => resolve(fail("timeout", "")));
      });
    const running = attempt(probe, TIMEOUT_MS, {
      nowMs: () => timers.nowMs(),
      after(delayMs, run) {
        // The loop reads the socket between a late timer and one that is set by it.
        if (delayMs === 0) finish();
        return timers.after(delayMs, run);
      },
    });
    timers.stall(TIMEOUT_MS + 100);
    timers.advance(0);
    assert.equal((await running).result.outcome, "pass");
  });

  test("settles soon after its limit, and never counts a late result", async () => {
    const reached = { pass: 0, fail: 0, inconclusive: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 0, max: 5000 }),
        fc.boolean(),
        fc.array(fc.record({ ms: fc.integer({ min: 0, max: 900 }), stalls: fc.boolean() })),
        async (timeoutMs, afterMs, obeys, moves) => {
          const timers = manualTimers();
          const running = attempt(scripted(timers, afterMs, pass(), obeys), timeoutMs, timers);
          for (const { ms, stalls } of moves) {
            if (stalls) timers.stall(ms);
            else timers.advance(ms);
            await turn();
          }
          // The last move reaches the timeout, the last but one what it sets.
          for (const ms of [timeoutMs, 0, timeoutMs]) {
            timers.advance(ms);
            await turn();
          }
          const { result, elapsedMs } = await running;
          reached[result.outcome] += 1;
          assert.equal(result.reason === "stalled", elapsedMs > 2 * timeoutMs);
          if (result.outcome === "pass") assert.ok(afterMs <= elapsedMs);
        },
      ),
      { numRuns: 300 },
    );
    for (const [outcome, times] of Object.entries(reached)) assert.ok(times > 10, outcome);
  });
});
