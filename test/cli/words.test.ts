import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { age } from "../../src/cli/age.ts";
import { mayColor } from "../../src/cli/io.ts";
import { printable, printableJson } from "../../src/cli/printable.ts";
import {
  deviates,
  isOverruled,
  listPrefixes,
  summarizeRoutes,
  type RouteStatus,
} from "../../src/cli/status-words.ts";
import { table } from "../../src/cli/table.ts";

describe("printable", () => {
  const cases = [
    { text: "plain, café 日本 🚧 \\x41", shown: "plain, café 日本 🚧 \\x41" },
    { text: "two\nlines\ttab\r", shown: "two\\x0alines\\x09tab\\x0d" },
    { text: "\u001b[31mred\u009b2J\u007f", shown: "\\x1b[31mred\\x9b2J\\x7f" },
    { text: "a\u202Ecba\u2066\u200B\u00AD", shown: "a\\u{202e}cba\\u{2066}\\u{200b}\\xad" },
    {
      text: "\u2028\u2029\uFEFF\uFE0F\u3164\u{E0041}",
      shown: "\\u{2028}\\u{2029}\\u{feff}\\u{fe0f}\\u{3164}\\u{e0041}",
    },
    { text: "\uD800 lone, \uE000 private", shown: "\\u{d800} lone, \\u{e000} private" },
  ];
  for (const { text, shown } of cases) {
    it(JSON.stringify(text), () => assert.equal(printable(text), shown));
  }

  it("JSON means the same, whatever is in it, and holds nothing that a terminal obeys", () => {
    let unsafe = 0;
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const text = printableJson(value);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.match(text, /^(?:\n|[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}])*$/u);
        if (text !== JSON.stringify(value, undefined, 2)) unsafe += 1;
      }),
      { numRuns: 500 },
    );
    assert.ok(unsafe > 20, `only ${unsafe} values had something to escape`);
    assert.equal(printableJson("\u{E0041}\u202E"), String.raw`"\udb40\udc41\u202e"`);
  });
});

describe("age", () => {
  const now = Date.parse("2026-01-10T00:00:00.000Z");
  const cases = [
    ["2026-01-10T00:00:00.000Z", "0s"],
    ["2026-01-09T23:59:59.001Z", "0s"],
    ["2026-01-09T23:59:59.000Z", "1s"],
    ["2026-01-09T23:58:55.000Z", "1m 5s"],
    ["2026-01-09T23:00:00.000Z", "1h"],
    ["2026-01-09T22:59:30.000Z", "1h"],
    ["2026-01-09T22:30:30.000Z", "1h 29m"],
    ["2026-01-06T20:00:00.000Z", "3d 4h"],
    ["2026-01-06T23:59:00.000Z", "3d"],
    ["2026-01-11T00:00:00.000Z", "0s"],
    ["yesterday", "-"],
    ["", "-"],
  ] as const;
  for (const [since, shown] of cases)
    it(`${since}: ${shown}`, () => assert.equal(age(since, now), shown));
  it("of nothing", () => assert.equal(age(undefined, now), "-"));
});

describe("color", () => {
  const cases = [
    { isTerminal: true, env: {}, may: true },
    { isTerminal: false, env: {}, may: false },
    { isTerminal: true, env: { NO_COLOR: "" }, may: true },
    { isTerminal: true, env: { NO_COLOR: "0" }, may: false },
    { isTerminal: true, env: { TERM: "dumb" }, may: false },
  ];
  for (const { isTerminal, env, may } of cases) {
    it(`${JSON.stringify({ isTerminal, ...env })}: ${may}`, () =>
      assert.equal(mayColor(isTerminal, env), may));
  }
});

describe("table", () => {
  it("aligns by what is seen, leaves nothing behind the last text, escapes", () => {
    const rows = [
      ["A", "BB", "C"],
      ["long", { text: "x", color: "red" }, "e\u001b"],
      ["", "y", ""],
    ] as const;
    assert.equal(table(rows, false), "A     BB  C\nlong  x   e\\x1b\n      y\n");
    const colored = table(rows, true);
    assert.ok(colored.includes("\u001b[31mx\u001b[0m   e\\x1b\n"));
    assert.equal(stripVTControlCharacters(colored), table(rows, false));
  });
});

describe("routes", () => {
  const route = (
    prefix: string,
    wanted: RouteStatus["wanted"],
    told: RouteStatus["told"],
    answer: RouteStatus["answer"],
  ) => ({ prefix, wanted, variant: undefined, told, answer, sent: [], neighbors: [] });

  it("with the same fate are told together", () => {
    const routes = [1, 2, 3, 4, 5].map((nth) =>
      route(`192.0.2.${nth}/32`, "withdraw", "withdrawn", "done"),
    );
    assert.equal(
      summarizeRoutes([
        ...routes,
        route("::/0", "withdraw", "withdrawn", "pending"),
        route("::1/128", "leave", "unknown", "none"),
      ]),
      "192.0.2.1/32, 192.0.2.2/32, 192.0.2.3/32 and 2 more withdrawn (done); ::/0 withdrawn (pending); ::1/128 left as it was",
    );
    assert.equal(listPrefixes([]), "");
  });

  const cases = [
    { row: ["announce", "announced", "done"], is: false },
    { row: ["announce", "announced", "pending"], is: true },
    { row: ["announce", "announced", "failed"], is: true },
    { row: ["announce", "withdrawn", "done"], is: true },
    { row: ["announce", "unknown", "none"], is: true },
    { row: ["withdraw", "withdrawn", "done"], is: false },
    { row: ["withdraw", "announced", "done"], is: true },
    { row: ["leave", "unknown", "none"], is: false },
    { row: ["leave", "announced", "done"], is: false },
    { row: ["leave", "withdrawn", "failed"], is: true },
  ] as const;
  for (const { row, is } of cases) {
    it(`${row.join(", ")}: ${is ? "deviates" : "as it should be"}`, () => {
      const [wanted, told, answer] = row;
      assert.equal(deviates(route("192.0.2.0/24", wanted, told, answer)), is);
    });
  }
});

describe("a prefix that another service decides about", () => {
  const route = {
    prefix: "192.0.2.0/24",
    told: "announced",
    answer: "done",
    sent: [],
    neighbors: [],
  } as const;
  const cases = [
    ["up", "announce", "up", false],
    ["up", "withdraw", undefined, true],
    ["pinned", "withdraw", undefined, true],
    ["down", "withdraw", undefined, false],
    ["down", "announce", "down", false],
    ["down", "announce", "up", true],
    ["drained", "withdraw", undefined, false],
    ["drained", "announce", "draining", true],
    ["draining", "announce", "draining", false],
    ["starting", "leave", undefined, false],
    ["stopping", "announce", "up", false],
  ] as const;
  for (const [state, wanted, variant, expected] of cases) {
    it(`${state}, ${wanted} ${variant ?? ""}: ${expected}`, () => {
      assert.equal(isOverruled(state, { ...route, wanted, variant }), expected);
    });
  }
});
