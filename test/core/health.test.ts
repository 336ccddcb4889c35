import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outcome } from "../../checks/probe.ts";
import { stepHealth, streak, unknownHealth } from "../../src/core/health.ts";

const OUTCOMES: Record<string, Outcome> = { P: "pass", F: "fail", I: "inconclusive" };
const LETTERS = { unknown: "?", up: "u", down: "d" };

// One letter per result, one letter per verdict after it: P pass, F fail, I inconclusive; u up, d down, ? unknown.
const cases = [
  { name: "rises on the third pass", results: "PPP", verdicts: "??u" },
  { name: "falls from unknown on the second failure", results: "FF", verdicts: "?d" },
  { name: "a failure resets the rise", results: "PPFPPP", verdicts: "?????u" },
  { name: "a pass resets the fall from unknown", results: "FPFF", verdicts: "???d" },
  { name: "falls on the second failure in a row", results: "PPPFF", verdicts: "??uud" },
  { name: "a pass resets the fall", results: "PPPFPFF", verdicts: "??uuuud" },
  { name: "recovers on the third pass", results: "FFPPP", verdicts: "?dddu" },
  { name: "an inconclusive result counts for nothing", results: "PPIPFIF", verdicts: "???uuud" },
  { name: "inconclusive results never end the unknown", results: "IIII", verdicts: "????" },
];

describe("stepHealth with rise 3 and fall 2", () => {
  const thresholds = { rise: 3, fall: 2 };
  for (const { name, results, verdicts } of cases) {
    it(name, () => {
      let health = unknownHealth(0);
      const seen = [...results].map((letter, nowMs) => {
        health = stepHealth(health, OUTCOMES[letter] ?? "inconclusive", thresholds, nowMs);
        return LETTERS[health.verdict];
      });
      assert.equal(seen.join(""), verdicts);
    });
  }

  it("gives the same object back when nothing changed", () => {
    const up = { ...unknownHealth(0), verdict: "up" as const };
    assert.equal(stepHealth(up, "pass", thresholds, 9), up);
    assert.equal(stepHealth(up, "inconclusive", thresholds, 9), up);
  });

  it("remembers when the first contrary result came", () => {
    const up = { ...unknownHealth(0), verdict: "up" as const };
    const falling = stepHealth(up, "fail", thresholds, 100);
    assert.equal(streak(falling, thresholds), "1/2");
    assert.equal(stepHealth(falling, "fail", thresholds, 250).againstSinceMs, 100);
  });
});
