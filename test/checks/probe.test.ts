import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DETAIL_MAX, fail, inconclusive, pass } from "../../checks/probe.ts";

describe("results", () => {
  const cases: readonly [detail: string, shown: string][] = [
    ["status 200", "status 200"],
    ["a\r\nwithdraw route", "a??withdraw route"],
    ["\u001b[31mred", "?[31mred"],
    ["caf\u00e9", "caf?"],
    ["x".repeat(DETAIL_MAX), "x".repeat(DETAIL_MAX)],
    ["x".repeat(DETAIL_MAX + 1), `${"x".repeat(DETAIL_MAX - 3)}...`],
  ];
  for (const [detail, shown] of cases) {
    test(`shows ${JSON.stringify(detail).slice(0, 40)} (${detail.length})`, () => {
      const results = [pass(detail), fail("closed", detail), inconclusive("internal", detail)];
      assert.deepEqual(
        results.map((result) => result.detail),
        [shown, shown, shown],
      );
    });
  }

  test("a detail is printable and short, whatever was seen", () => {
    let cut = 0;
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3 * DETAIL_MAX, size: "max" }), (text) => {
        const { detail } = pass(text);
        assert.match(detail, /^[\x20-\x7e]*$/);
        assert.ok(detail.length <= DETAIL_MAX);
        if (text.length > DETAIL_MAX) cut += 1;
      }),
      { numRuns: 500 },
    );
    assert.ok(cut > 20);
  });
});
