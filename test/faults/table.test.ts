/** docs/failures.md names the tests that there are. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "../lab/repository.ts";

/** A header and the line below it are no failures. */
const HEAD = /^\| (Failure|Case|---)|^\|---/;

const text = readFileSync(join(REPOSITORY, "docs/failures.md"), "utf8");
/** Its rows are held by measured.test.ts. */
const MEASURED = /^## Measured$.*?(?=^## )/ms;

const rows = text
  .replace(MEASURED, "")
  .split("\n")
  .filter((line) => line.startsWith("|") && !HEAD.test(line));

test("every failure names its tests, and each is there", () => {
  assert.ok(rows.length > 40, `only ${rows.length} rows are found`);
  const untested = rows.filter((row) => namesIn(row).length === 0);
  assert.deepEqual(untested, []);
  const missing = rows.flatMap(namesIn).filter((name) => !isThere(name));
  assert.deepEqual(missing, []);
});

/** What the last column names. */
function namesIn(row: string): string[] {
  const column = row.split(" | ").at(-1) ?? "";
  return [...column.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

/** A file with its ending, a test without it, or `*` for what begins so. */
function isThere(name: string): boolean {
  if (existsSync(join(REPOSITORY, name)) || existsSync(join(REPOSITORY, `${name}.test.ts`))) {
    return true;
  }
  if (!name.endsWith("*")) return false;
  const begin = join(REPOSITORY, name.slice(0, -1));
  return readdirSync(dirname(begin)).some((file) => join(dirname(begin), file).startsWith(begin));
}
