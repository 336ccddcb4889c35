import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { CHECK_TYPES } from "../../checks/registry.ts";

function page(name: string): string {
  return readFileSync(new URL(`../../../docs/checks/${name}.md`, import.meta.url), "utf8");
}

/** The words in backticks that begin the rows of the page's tables. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, word = ""]) => word);
}

describe("docs/checks", () => {
  for (const [type, { schema }] of Object.entries(CHECK_TYPES)) {
    test(`${type}.md has a row for each key, and each reason is in the index`, () => {
      const keys = Object.keys(schema.shape).filter((key) => key !== "type");
      assert.deepEqual(firstCells(page(type)), keys);
      const known = new Set(firstCells(page("README")));
      const [, reasons = ""] = page(type).split("## Reasons");
      const named = [...reasons.slice(0, reasons.indexOf("[What")).matchAll(/`([a-z-]+)`/g)];
      assert.ok(named.length > 3);
      for (const [, word = ""] of named) assert.ok(known.has(word), word);
    });

    test(`the index names ${type}`, () => {
      assert.ok(page("README").includes(`[\`${type}\`](${type}.md)`));
    });
  }
});
