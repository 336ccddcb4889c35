import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { heldMaxOf, openFilesMax, placesOf } from "../../src/daemon/open-files.ts";

describe("open files", () => {
  it("are as many as the kernel grants", () => {
    const module = new URL("../../src/daemon/open-files.js", import.meta.url).href;
    const code = `import("${module}").then(({ openFilesMax }) => process.stdout.write(String(openFilesMax())))`;
    const told = execFileSync("sh", [
      "-c",
      'ulimit -n 123; exec "$0" -e "$1"',
      process.execPath,
      code,
    ]);
    assert.equal(told.toString(), "123");
    assert.ok(openFilesMax() > 123);
  });

  const cases = [
    { name: "no limit", filesMax: Infinity, kept: 0, places: 800 },
    { name: "systemd's soft default", filesMax: 1024, kept: 0, places: 800 },
    { name: "what listens keeps some", filesMax: 1024, kept: 500, places: 460 },
    { name: "never none", filesMax: 40, kept: 500, places: 4 },
  ];
  for (const { name, filesMax, kept, places } of cases) {
    it(`leave places for attempts: ${name}`, () => assert.equal(placesOf(filesMax, kept), places));
  }

  const heldCases = [
    { name: "no limit", filesMax: Infinity, held: 500 },
    { name: "half of what is left", filesMax: 1024, held: 480 },
    { name: "a few always", filesMax: 40, held: 4 },
  ];
  for (const { name, filesMax, held } of heldCases) {
    it(`are kept between attempts: ${name}`, () => assert.equal(heldMaxOf(filesMax), held));
  }
});
