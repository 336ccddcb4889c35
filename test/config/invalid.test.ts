import assert from "node:assert/strict";
import { dirname } from "node:path";
import test from "node:test";
import { ConfigError, formatProblem, loadConfig } from "../../src/config/load.ts";
import { assertExpected, fixturesOf } from "./fixtures.ts";

const fixtures = fixturesOf("invalid");

test("there is a fixture for each kind of mistake", () => {
  assert.ok(fixtures.length >= 50, `only ${fixtures.length} fixtures`);
});

for (const { name, path } of fixtures) {
  test(`invalid/${name} has the expected problems`, () => {
    const error = errorOf(path);
    assert.ok(error.problems.length > 0);
    const folder = `${dirname(path)}/`;
    const lines = error.problems.map((problem) => formatProblem(problem).replaceAll(folder, ""));
    for (const line of lines) {
      assert.doesNotMatch(
        line,
        /\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u,
        "a problem is one printable line",
      );
      assert.ok(line.length < 500, `too long: ${line}`);
    }
    assert.doesNotMatch(lines.join("\n"), /hunter2/, "a secret is shown");
    assertExpected("invalid", `${name}.expected.txt`, `${lines.join("\n")}\n`);
  });
}

function errorOf(path: string): ConfigError {
  try {
    loadConfig(path);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, "INVALID_CONFIG");
    return error;
  }
  throw new assert.AssertionError({ message: `${path} is valid` });
}
