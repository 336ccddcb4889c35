import assert from "node:assert/strict";
import { test } from "node:test";
import { dialectOf } from "../src/index.ts";
import type { Dialect } from "../src/index.ts";

const cases: { line: string; version?: string; dialect?: Dialect }[] = [
  { line: "exabgp 4.2.17", version: "4.2.17", dialect: 4 },
  { line: "exabgp 4.2.25", version: "4.2.25", dialect: 4 },
  { line: "exabgp 5.0.13", version: "5.0.13", dialect: 5 },
  { line: "exabgp 6.0.0", version: "6.0.0", dialect: 5 },
  {
    line: '{"version": "6.0.0-20260822", "application": "exabgp"}',
    version: "6.0.0-20260822",
    dialect: 6,
  },
  { line: "exabgp 3.4.28" },
  { line: "exabgp" },
  { line: "exabgp 4.2.21 shutdown" },
  { line: "done" },
  { line: '{"version": "6.0.0"}' },
  { line: '{"version": 6, "application": "exabgp"}' },
  { line: '{"version": "4.2.21", "application": "exabgp"}' },
  { line: "{" },
  { line: "null" },
];

for (const { line, version, dialect } of cases) {
  test(`${line} speaks ${dialect ?? "nothing known"}`, () => {
    assert.deepEqual(dialectOf(line), version === undefined ? undefined : { version, dialect });
  });
}
