/** The numbers of docs/failures.md: what the benchmark promises stands there, and what was measured keeps it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeSeries, isKept, type Limit } from "../../bench/promises.ts";

describe("a promise", () => {
  const cases: readonly [string, Limit | undefined, readonly number[], boolean][] = [
    ["is kept by values up to it", { atMost: 100 }, [1, 100], true],
    ["is broken by one value", { atMost: 100 }, [1, 100.1, 2], false],
    ["of none is broken by one UPDATE", { atMost: 0 }, [0, 0, 1], false],
    ["of order is kept by any lead", { moreThan: 0 }, [0.1, 50], true],
    ["of order is broken by none", { moreThan: 0 }, [50, 0], false],
    ["is broken by what was not measured", { atMost: 100 }, [], false],
    ["is broken by what is no number", { atMost: 100 }, [1, Number.NaN], false],
    ["that nobody made is kept", undefined, [1e9], true],
  ];
  for (const [what, promise, values, expected] of cases) {
    it(what, () => {
      const series = { failure: "x", name: "y", values, ...(promise && { promise }) };
      assert.equal(isKept(series), expected);
    });
  }

  it("is told with its numbers", () => {
    const series = { failure: "it breaks", name: "off, ms", values: [3, 1.25, 200] };
    const limited = { ...series, promise: { atMost: 100 } };
    const cells = ["it breaks: off, ms", "3", "3", "1.3", "200", "at most 100"];
    assert.deepEqual(describeSeries(limited), cells);
  });
});
