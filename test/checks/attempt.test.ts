import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { describe, test } from "node:test";
import fc from "fast-check";
import { attempt, type Attempt } from "../../checks/attempt.ts";
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

/** Moves the clock in steps that leave a probe the turns of the loop in which it settles. */
async function letRun(timers: ManualTimers, ms: number, stepMs: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
    timers.advance(Math.min(stepMs, leftMs));
    await turn();
  }
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

  /** What becomes of a probe whose loop stands still for `stallMs` after 100 ms, and then finds `end`. */
  async function afterStall(
    stallMs: number,
    end: "silence" | Result,
    runMs = 0,
  ): Promise<{ is: string; elapsedMs: number }> {
    const timers = manualTimers();
    let finish: () => void = () => undefined;
    const probe: Probe = (signal) =>
      new Promise((resolve) => {
        if (end !== "silence") finish = () => resolve(end);
        signal.addEventListener("abort", () => resolve(fail("timeout", "")));
      });
    const running = attempt(probe, TIMEOUT_MS, timers);
    timers.advance(100);
    timers.stall(stallMs);
    timers.advance(runMs);
    finish();
    await turn();
    await letRun(timers, 2 * TIMEOUT_MS, 10);
    const { result, elapsedMs } = await running;
    assert.equal(timers.pending, 0);
    return { is: `${result.outcome} ${result.reason}`, elapsedMs };
  }

  const refused = fail("refused", "");
  const ownTimeout = fail("timeout", "a clock of the probe's own");
  const stalls: {
    name: string;
    stallMs: number;
    end: "silence" | Result;
    runMs?: number;
    is: string;
    elapsedMs: number;
  }[] = [
    {
      name: "an answer after a stall longer than the timeout counts",
      stallMs: 700,
      end: pass(),
      is: "pass passed",
      elapsedMs: 800,
    },
    {
      name: "an answer that takes some turns of the loop after the stall counts",
      stallMs: 700,
      end: pass(),
      runMs: 150,
      is: "pass passed",
      elapsedMs: 950,
    },
    {
      name: "a failure after a stall longer than the timeout does not",
      stallMs: 501,
      end: refused,
      is: "inconclusive stalled",
      elapsedMs: 601,
    },
    {
      name: "a failure after a shorter stall counts",
      stallMs: 400,
      end: refused,
      is: "fail refused",
      elapsedMs: 500,
    },
    {
      name: "a timeout by the probe's own clock during a stall does not",
      stallMs: 260,
      end: ownTimeout,
      is: "inconclusive stalled",
      elapsedMs: 360,
    },
    {
      name: "silence after a stall longer than the timeout is no timeout",
      stallMs: 600,
      end: "silence",
      is: "inconclusive stalled",
      elapsedMs: 1000,
    },
    // The slice of 60 ms in which the stall began counts as stalled from its start on.
    {
      name: "silence for the whole timeout beside a shorter stall is a timeout",
      stallMs: 300,
      end: "silence",
      is: "fail timeout",
      elapsedMs: 840,
    },
    {
      name: "a late timer is no stall",
      stallMs: 70,
      end: "silence",
      is: "fail timeout",
      elapsedMs: 500,
    },
  ];
  for (const { name, stallMs, end, runMs, ...expected } of stalls) {
    test(name, async () => assert.deepEqual(await afterStall(stallMs, end, runMs), expected));
  }

  test("settles soon after its limit, and blames nobody for a stall", async () => {
    const reached = { pass: 0, fail: 0, inconclusive: 0, failAfterStall: 0, passAfterStall: 0 };
    await fc.assert(
      fc.asyncProperty(
        // A shorter one cannot be watched in eighths.
        fc.integer({ min: 40, max: 2000 }),
        // In hundredths of the timeout, as are the moves.
        fc.integer({ min: 0, max: 300 }),
        fc.boolean(),
        fc.array(
          fc.record({
            length: fc.integer({ min: 0, max: 190 }),
            isStall: fc.boolean(),
          }),
          { maxLength: 5 },
        ),
        async (timeoutMs, after, obeys, moves) => {
          const timers = manualTimers();
          const afterMs = Math.round((after / 100) * timeoutMs);
          const made: Attempt[] = [];
          void attempt(scripted(timers, afterMs, pass(), obeys), timeoutMs, timers).then((one) =>
            made.push(one),
          );
          let ranMs = 0;
          let stalledMs = 0;
          // The last move reaches every limit.
          for (const { length, isStall } of [...moves, { length: 500, isStall: false }]) {
            const ms = Math.round((length / 100) * timeoutMs);
            if (made.length > 0) break;
            if (isStall) {
              timers.stall(ms);
              stalledMs = Math.max(stalledMs, ms);
            } else {
              const stepMs = Math.min(25, timeoutMs / 4);
              for (let leftMs = ms; leftMs > 0 && made.length === 0; leftMs -= stepMs) {
                await letRun(timers, Math.min(stepMs, leftMs), stepMs);
                ranMs += stepMs;
              }
            }
          }
          const [one] = made;
          assert.ok(one !== undefined);
          const { result, elapsedMs } = one;
          reached[result.outcome] += 1;
          if (elapsedMs > 2 * timeoutMs) assert.equal(result.reason, "stalled");
          if (result.outcome === "pass") {
            assert.ok(afterMs <= elapsedMs);
            if (stalledMs > timeoutMs) reached.passAfterStall += 1;
          }
          if (result.outcome === "fail") {
            assert.ok(stalledMs <= timeoutMs);
            // Of each slice half may be a stall too short to be seen.
            assert.ok(ranMs >= timeoutMs / 2);
            if (stalledMs > timeoutMs / 4) reached.failAfterStall += 1;
          }
        },
      ),
      { numRuns: 1000 },
    );
    for (const [outcome, times] of Object.entries(reached)) assert.ok(times > 3, outcome);
  });
});
