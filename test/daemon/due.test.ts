import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nextDueMs, spread } from "../../src/daemon/due.ts";

describe("spread", () => {
  const cases = [
    { name: "few over the whole interval", count: 4, intervalMs: 1000, first: [0, 250, 500, 750] },
    { name: "one at once", count: 1, intervalMs: 1000, first: [0] },
    {
      name: "a short interval in whole milliseconds",
      count: 4,
      intervalMs: 10,
      first: [0, 2, 5, 7],
    },
    { name: "none", count: 0, intervalMs: 1000, first: [] },
  ];
  for (const { name, count, intervalMs, first } of cases) {
    it(name, () => assert.deepEqual(spread(count, intervalMs), first));
  }

  it("puts twenty together, and neighbours apart", () => {
    const moments = spread(1000, 1000);
    const counts = moments.map((ms) => moments.filter((other) => other === ms).length);
    assert.deepEqual(new Set(counts), new Set([20]));
    assert.equal(new Set(moments).size, 50);
    assert.ok(moments.every((ms, nth) => ms !== moments[nth + 1]));
  });
});

describe("nextDueMs", () => {
  const home = { firstDueMs: 1000, intervalMs: 1000 };
  const cases = [
    {
      name: "from when it was due, not from when it began",
      due: 2000,
      started: 2017,
      pause: 1000,
      next: 3000,
    },
    { name: "early timers move nothing", due: 2000, started: 1999.2, pause: 1000, next: 3000 },
    {
      name: "half a pause after a late start",
      due: 2000,
      started: 2800,
      pause: 1000,
      next: 3300 - 250,
    },
    {
      name: "missed starts are not made up for",
      due: 2000,
      started: 32_000,
      pause: 100,
      next: 32_050,
    },
    { name: "a fast pause is kept exactly", due: 2345, started: 2346, pause: 100, next: 2445 },
    {
      name: "home by a quarter of the pause at most",
      due: 2345,
      started: 2345,
      pause: 1000,
      next: 3095,
    },
    { name: "home at last", due: 3095, started: 3095, pause: 1000, next: 4000 },
    { name: "a slow pause goes home too", due: 2345, started: 2345, pause: 5000, next: 7000 },
  ];
  for (const { name, due, started, pause, next } of cases) {
    it(name, () => assert.equal(nextDueMs({ dueMs: due, startedMs: started }, pause, home), next));
  }

  it("of 10 ms is 10 ms, wherever an event has put the check", () => {
    const short = { firstDueMs: 1000, intervalMs: 10 };
    assert.equal(nextDueMs({ dueMs: 2003, startedMs: 2003.4 }, 10, short), 2013);
  });

  it("is at home after four pauses, and no pause is longer than wanted or shorter than half", () => {
    let away = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 100, max: 5000 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 5, maxLength: 5 }),
        (firstDueMs, intervalMs, latenesses) => {
          const own = { firstDueMs, intervalMs };
          let dueMs = 200_000;
          if ((dueMs - firstDueMs) % intervalMs > intervalMs / 2) away += 1;
          for (const lateMs of latenesses) {
            const startedMs = dueMs + lateMs;
            const nextMs = nextDueMs({ dueMs, startedMs }, intervalMs, own);
            assert.ok(nextMs - dueMs <= intervalMs);
            assert.ok(nextMs - dueMs >= intervalMs / 2);
            dueMs = nextMs;
          }
          assert.equal((dueMs - firstDueMs) % intervalMs, 0);
        },
      ),
    );
    assert.ok(away > 10, "the runs were too shallow");
  });
});
