import assert from "node:assert/strict";
import { it } from "node:test";
import { unknownHealth } from "../../src/core/health.ts";
import { paceOf } from "../../src/core/pace.ts";

const TIMING = { intervalMs: 1000, fastIntervalMs: 100, slowIntervalMs: 5000, timeoutMs: 500 };
const cases = [
  { verdict: "unknown", against: 0, paceMs: 1000 },
  { verdict: "unknown", against: 1, paceMs: 100 },
  { verdict: "up", against: 0, paceMs: 1000 },
  { verdict: "up", against: 2, paceMs: 100 },
  { verdict: "down", against: 0, paceMs: 5000 },
  { verdict: "down", against: 1, paceMs: 100 },
] as const;

for (const { verdict, against, paceMs } of cases) {
  it(`${verdict} with ${against} contrary results is probed every ${paceMs} ms`, () => {
    assert.equal(
      paceOf({ health: { ...unknownHealth(0), verdict, against }, burst: undefined }, TIMING),
      paceMs,
    );
  });
}
