/** The numbers of docs/failures.md: what the benchmark promises stands there, and what was measured keeps it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { TRIALS } from "../../bench/failure-trials.ts";
import { describeLimit, describeSeries, isKept, type Limit } from "../../bench/promises.ts";
import { REPOSITORY } from "../lab/repository.ts";

const ROUNDS_MIN = 5;

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

describe("docs/failures.md", () => {
  const rows = new Map(
    readFileSync(join(REPOSITORY, "docs/failures.md"), "utf8")
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .map(([, name = "", ...cells]) => [name, cells]),
  );
  for (const { failure, measures } of TRIALS) {
    for (const { name, promise } of measures) {
      it(`says of "${failure}" what is ${name}, within what is promised`, () => {
        const cells = rows.get(`${failure}: ${name}`);
        assert.ok(cells !== undefined, "no row");
        const [rounds, median, min, max] = cells.slice(0, 4).map(Number);
        assert.ok(Number(rounds) >= ROUNDS_MIN, `${rounds} rounds`);
        assert.equal(cells[4], describeLimit(promise));
        const values = [median, min, max].map(Number);
        assert.ok(isKept({ failure, name, values, ...(promise && { promise }) }), String(values));
      });
    }
  }
});
