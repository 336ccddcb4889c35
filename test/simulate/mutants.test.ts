/** The planted bugs are found by `npm run mutants`, which takes minutes; here each must still be one. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FOLDER = join(ROOT, "test/mutants");

/** Fewer would say little of the oracle. */
const MUTANTS_MIN = 15;

describe("the planted bugs", () => {
  const patches = readdirSync(FOLDER).filter((name) => name.endsWith(".patch"));

  it("are enough", () => assert.ok(patches.length >= MUTANTS_MIN, `${patches.length}`));

  for (const patch of patches) {
    it(`${patch} applies`, () => {
      const path = join(FOLDER, patch);
      execFileSync("git", ["apply", "--check", path], { cwd: ROOT, stdio: "pipe" });
    });
  }
});
