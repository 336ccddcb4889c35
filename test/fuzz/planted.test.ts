/** The planted bugs are found by `scripts/mutants test/fuzz/planted/*.patch`, which takes minutes; here each must still be one. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ROOT } from "../config/fixtures.ts";
import { TARGETS } from "./targets.ts";

const FOLDER = join(ROOT, "test/fuzz/planted");

describe("the bugs planted for made-up input", () => {
  const patches = readdirSync(FOLDER);

  for (const { name } of TARGETS) {
    it(`have one for ${name}`, () =>
      assert.ok(patches.some((patch) => patch.startsWith(`${name}.`))));
  }

  for (const patch of patches) {
    it(`${patch} applies`, () => {
      const path = join(FOLDER, patch);
      execFileSync("git", ["apply", "--check", path], { cwd: ROOT, stdio: "pipe" });
    });
  }
});
