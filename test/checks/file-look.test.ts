/** File systems that do not answer: stood in for by promises, as a dead mount would hold up this machine. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { attempt } from "../../checks/attempt.ts";
import { createBoundedLook, LOOKS_MAX } from "../../checks/file-look.ts";
import { pass, type Probe, type Result } from "../../checks/probe.ts";
import { Places } from "../../checks/places.ts";
import { manualTimers, type ManualTimers } from "./manual-timers.ts";
import { HANG_MS } from "./probing.ts";

const TIMEOUT_MS = 500;

/** A check whose looks end when the test says so. */
function hangingCheck(places: Places) {
  const looks: PromiseWithResolvers<Result>[] = [];
  const probe = createBoundedLook(() => {
    const look = withResolvers<Result>();
    looks.push(look);
    return look.promise;
  }, places);
  return { probe, looks };
}

/** A place is given in a turn of its own. */
async function someTurns(): Promise<void> {
  for (let nth = 0; nth < 5; nth += 1) await new Promise(setImmediate);
}

/** Runs one attempt in which time is over before anything comes of it. */
async function overTime(probe: Probe, timers: ManualTimers): Promise<string> {
  const running = attempt(probe, TIMEOUT_MS, timers);
  await someTurns();
  timers.advance(TIMEOUT_MS);
  const { result } = await running;
  return `${result.outcome} ${result.reason}: ${result.detail}`;
}

const run = async (probe: Probe, timers: ManualTimers): Promise<string> => {
  const { result } = await attempt(probe, TIMEOUT_MS, timers);
  return `${result.outcome} ${result.reason}: ${result.detail}`;
};

describe("a look that hangs", { timeout: HANG_MS }, () => {
  test("ends its attempt, is not begun again, and is forgotten when it ends", async () => {
    const timers = manualTimers();
    const { probe, looks } = hangingCheck(new Places({ max: LOOKS_MAX }));
    assert.equal(await overTime(probe, timers), "fail timeout: the file system does not answer");
    for (const _ of [1, 2]) {
      const again = await overTime(probe, timers);
      assert.equal(again, "fail timeout: an earlier look at it still hangs");
    }
    assert.equal(looks.length, 1);
    looks[0]?.reject(new Error("ESTALE"));
    const running = run(probe, timers);
    await someTurns();
    // What the earlier one found is old.
    assert.equal(looks.length, 2);
    looks[1]?.resolve(pass("back"));
    assert.equal(await running, "pass passed: back");
  });

  test("leaves places for other checks, and when all are taken they do not count", async () => {
    const timers = manualTimers();
    const places = new Places({ max: LOOKS_MAX });
    const hanging = Array.from({ length: LOOKS_MAX }, () => hangingCheck(places));
    const healthy = createBoundedLook(() => Promise.resolve(pass("there")), places);
    for (const { probe } of hanging) {
      assert.equal(await run(healthy, timers), "pass passed: there");
      assert.match(await overTime(probe, timers), /^fail timeout/);
    }
    for (const _ of [1, 2]) {
      const starved = await overTime(healthy, timers);
      assert.match(starved, /^inconclusive stalled: time was over while looks at other files/);
    }
    hanging[0]?.looks[0]?.resolve(pass());
    await someTurns();
    assert.equal(await run(healthy, timers), "pass passed: there");
    assert.equal(timers.pending, 0);
  });
});

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** `Promise.withResolvers` of later versions of Node.js. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((resolveIt, rejectIt) => {
    [resolve, reject] = [resolveIt, rejectIt];
  });
  return { promise, resolve, reject };
}
