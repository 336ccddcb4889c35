import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { buildHold } from "../../src/config/hold.ts";
import type { Hold } from "../../src/config/plan.ts";
import { addMoves, holdEndMs, pruneFlaps, type Flap, type Flaps } from "../../src/core/damping.ts";
import { DAMPINGS, flap, penalize } from "./flapping.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAMPING_SAFE = buildHold("damping-safe");

/** Five seconds alive, five seconds dead, a probe each `everyMs`. */
function* fiveByFive(lengthMs: number, everyMs: number): Iterable<readonly [number, boolean]> {
  for (let ms = 0; ms < lengthMs; ms += everyMs) yield [ms, Math.floor(ms / 5000) % 2 === 0];
}

describe("a service that is up for 5 s and down for 5 s", () => {
  const cases = [
    { name: "for 2 h, rise and fall 3", rise: 3, fall: 3, lengthMs: 2 * HOUR_MS, everyMs: 1000 },
    { name: "for 2 h, rise and fall 1", rise: 1, fall: 1, lengthMs: 2 * HOUR_MS, everyMs: 1000 },
    { name: "for a fortnight", rise: 1, fall: 1, lengthMs: 14 * 24 * HOUR_MS, everyMs: 5000 },
  ];
  for (const { name, rise, fall, lengthMs, everyMs } of cases) {
    it(`${name}, is never suppressed upstream with damping-safe`, () => {
      const results = fiveByFive(lengthMs, everyMs);
      const { updates, decisions } = flap({ hold: DAMPING_SAFE, rise, fall, results });
      const withdrawals = updates.filter(({ type }) => type === "withdraw").length;
      // Without them there would be nothing to damp.
      assert.ok(withdrawals >= lengthMs / (26 * MINUTE_MS), `${withdrawals} withdrawals`);
      // Up, down, held; not one every few seconds.
      assert.ok(decisions <= 4 * withdrawals + 4, `${decisions} decisions`);
      for (const [vendor, damping] of Object.entries(DAMPINGS)) {
        const { suppressedAfter, greatest } = penalize(updates, damping);
        assert.equal(suppressedAfter, undefined, `${vendor}: ${greatest}`);
        // The numbers are close to the limits on purpose: a longer hold is a longer outage.
        assert.ok(greatest > 0.75 * damping.suppress, `${vendor}: ${greatest}`);
      }
    });
  }

  it("is suppressed at the third withdrawal (Cisco), or the second announcement after one (Juniper), without a hold", () => {
    const results = [...fiveByFive(2 * HOUR_MS, 1000)];
    for (const [rise, fall] of [
      [3, 3],
      [1, 1],
    ] as const) {
      const { updates } = flap({ hold: undefined, rise, fall, results });
      assert.equal(penalize(updates, DAMPINGS["cisco"]!).suppressedAfter, 3);
      assert.equal(penalize(updates, DAMPINGS["juniper"]!).suppressedAfter, 2);
    }
  });

  const minutes = (...[first = 0, ...rest]: readonly number[]): Hold => ({
    withinMs: 2 * HOUR_MS,
    first: [first, ...rest.slice(0, -1)].map((count) => count * MINUTE_MS),
    furtherMs: (rest.at(-1) ?? first) * MINUTE_MS,
  });
  for (const holding of [[1], [10], [1, 10, 20, 30]]) {
    it(`is suppressed with a hold of ${holding.join(", ")} min`, () => {
      const results = fiveByFive(2 * HOUR_MS, 1000);
      const { updates } = flap({ hold: minutes(...holding), rise: 1, fall: 1, results });
      const counts = Object.values(DAMPINGS).map((d) => penalize(updates, d).suppressedAfter);
      assert.ok(
        counts.some((count) => count !== undefined),
        JSON.stringify(counts),
      );
    });
  }
});

describe("a service that comes back after two hours, and dies at once", () => {
  const pausesMs = [250, HOUR_MS, 2 * HOUR_MS - 90_000, 90_000, 50_000, 10_001, HOUR_MS];
  const results = pausesMs.map((_, nth): readonly [number, boolean] => {
    const ms = pausesMs.slice(0, nth + 1).reduce((sum, pauseMs) => sum + pauseMs);
    return [ms, nth % 2 === 0];
  });
  const juniper = DAMPINGS["juniper"]!;

  it("is suppressed by those who penalize a return, if only withdrawals count", () => {
    const hold: Hold = { withinMs: 2 * HOUR_MS, first: [60_000], furtherMs: 25 * MINUTE_MS };
    const { updates } = flap({ hold, rise: 1, fall: 1, results });
    assert.notEqual(penalize(updates, juniper).suppressedAfter, undefined);
  });

  it("is not with damping-safe", () => {
    const { updates } = flap({ hold: DAMPING_SAFE, rise: 1, fall: 1, results });
    assert.equal(penalize(updates, juniper).suppressedAfter, undefined);
  });
});

describe("a service that flaps in any way", () => {
  it("is never suppressed upstream with damping-safe", () => {
    const pauses = fc.oneof(
      fc.integer({ min: 250, max: 10 * SECOND_MS }),
      fc.integer({ min: 10 * SECOND_MS, max: 5 * MINUTE_MS }),
      // About as long as the holds, and as what they count.
      fc.integer({ min: 20 * MINUTE_MS, max: 30 * MINUTE_MS }),
      fc.integer({ min: HOUR_MS, max: 3 * HOUR_MS }),
    );
    const reached = { withdrawals: 0, unheld: 0 };
    fc.assert(
      fc.property(fc.array(pauses, { minLength: 10, maxLength: 120 }), (lasting) => {
        let ms = 0;
        const results = lasting.map((pauseMs, nth): readonly [number, boolean] => {
          ms += pauseMs;
          return [ms, nth % 2 === 0];
        });
        const { updates } = flap({ hold: DAMPING_SAFE, rise: 1, fall: 1, results });
        reached.withdrawals += updates.filter(({ type }) => type === "withdraw").length;
        const unheld = flap({ hold: undefined, rise: 1, fall: 1, results }).updates;
        for (const [vendor, damping] of Object.entries(DAMPINGS)) {
          const { suppressedAfter, greatest } = penalize(updates, damping);
          assert.equal(suppressedAfter, undefined, `${vendor}: ${greatest}`);
          if (penalize(unheld, damping).suppressedAfter !== undefined) reached.unheld += 1;
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(reached.withdrawals > 1000 && reached.unheld > 300, JSON.stringify(reached));
  });
});

describe("the end of a hold", () => {
  const budget: Hold = { withinMs: 600, first: [0, 0], furtherMs: 300 };
  const cases: readonly [string, readonly number[], Hold, number][] = [
    ["is long over without a withdrawal", [], budget, -Infinity],
    ["is at once while the budget lasts", [0, 100], budget, 100],
    ["counts from the withdrawal that spends it", [0, 100, 200], budget, 500],
    ["counts from every further one", [0, 100, 200, 550], budget, 850],
    ["forgets what is as long ago as `within`", [0, 100, 600], budget, 600],
    ["and not what is less", [1, 100, 600], budget, 900],
    [
      "is the latest: a short one does not end a long one",
      [0, 1, 2, 250],
      {
        withinMs: 100,
        first: [0, 0],
        furtherMs: 1000,
      },
      1002,
    ],
  ];
  for (const [name, times, hold, endMs] of cases) {
    it(name, () => assert.equal(holdEndMs(flapsOf(times), hold), endMs));
  }

  it("is what each withdrawal with those before it says, whatever comes in", () => {
    const holds = fc.record({
      withinMs: fc.integer({ min: 1, max: 50 }),
      first: fc.array(fc.nat(50), { maxLength: 4 }),
      furtherMs: fc.nat(80),
    });
    const histories = fc
      .array(fc.nat(20), { maxLength: 30 })
      .map((gaps) => gaps.map((_, nth) => gaps.slice(0, nth + 1).reduce((sum, gap) => sum + gap)));
    fc.assert(
      fc.property(histories, holds, (times, hold) => {
        const ends = times.map((ms, nth) => {
          const place = times.slice(0, nth).filter((other) => other > ms - hold.withinMs).length;
          return ms + (hold.first[place] ?? hold.furtherMs);
        });
        assert.equal(holdEndMs(flapsOf(times), hold), Math.max(-Infinity, ...ends));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a withdrawal that counts from the return on", () => {
  const hold: Hold = { withinMs: 600, first: [60], furtherMs: 300, fromReturn: true };
  const away = { withdrawnMs: 0, returnedMs: 5000 };
  it("holds a prefix longer that has just come back after a long time", () => {
    assert.equal(holdEndMs([away, { withdrawnMs: 5599, returnedMs: undefined }], hold), 5899);
    assert.equal(holdEndMs([away, { withdrawnMs: 5600, returnedMs: undefined }], hold), 5660);
  });
});

describe("the history of withdrawals", () => {
  const withdrawn = { withdrawn: ["p"], announced: [] };
  const announced = { withdrawn: [], announced: ["p", "never-withdrawn"] };

  it("keeps enough for the greatest budget, and has an end", () => {
    let history: Flaps = new Map();
    for (let ms = 0; ms < 1000; ms += 1) history = addMoves(history, withdrawn, ms);
    const flaps = history.get("p") ?? [];
    assert.ok(flaps.length >= 100 && flaps.length < 1000, String(flaps.length));
    assert.equal(flaps.at(-1)?.withdrawnMs, 999);
    const greatest = buildHold({ flaps: 100, within: "24h", for: "24h" });
    assert.ok(greatest);
    assert.equal(holdEndMs(flaps, greatest), 999 + 24 * HOUR_MS);
  });

  it("knows when a prefix came back, the first time", () => {
    const out = addMoves(new Map(), withdrawn, 1);
    const back = addMoves(out, announced, 2);
    assert.deepEqual([...back], [["p", [{ withdrawnMs: 1, returnedMs: 2 }]]]);
    assert.equal(addMoves(back, announced, 3), back);
  });

  it("forgets what no hold can ask for, but not that a prefix is away", () => {
    const now = 49 * HOUR_MS;
    const over: Flap = { withdrawnMs: 0, returnedMs: 1 };
    const history: Flaps = new Map([
      ["p", [over, { withdrawnMs: 10 * HOUR_MS, returnedMs: undefined }]],
      ["q", [over]],
      ["away", [{ withdrawnMs: 0, returnedMs: undefined }]],
      ["removed", [{ withdrawnMs: 0, returnedMs: undefined }]],
    ]);
    const kept = pruneFlaps(history, (prefix) => prefix !== "removed", now);
    assert.deepEqual([...kept.keys()], ["p", "away"]);
    assert.equal(kept.get("p")?.length, 1);
    assert.deepEqual([...pruneFlaps(history, () => true, 47 * HOUR_MS)], [...history]);
  });
});

function flapsOf(times: readonly number[]): Flap[] {
  return times.map((withdrawnMs, nth) => ({ withdrawnMs, returnedMs: times[nth + 1] }));
}
