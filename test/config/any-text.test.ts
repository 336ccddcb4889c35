import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
import { ConfigError, parseConfig } from "../../src/config/load.ts";
import { showConfig } from "../../src/config/show.ts";
import { attempt, CPU_MAX_MS, cpuMsSince } from "./attempt.ts";
import { fixturesOf } from "./fixtures.ts";

const RUNS = 1000;

/** Without the one that is expensive by design; it has its own test below. */
const textsOf = (kind: "valid" | "invalid") =>
  fixturesOf(kind)
    .filter(({ name }) => name !== "alias-bomb")
    .map(({ path }) => readFileSync(path, "utf8"));

test("any text is a configuration or a ConfigError", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      attempt(text);
    }),
    { numRuns: RUNS },
  );
});

test("a mutated file is a configuration or a ConfigError", () => {
  const pieces = fc.constantFrom(
    "",
    " ",
    "\t",
    "\n",
    "\r",
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "!!int ",
    "'",
    '"',
    "#",
    "|\n",
    ">\n",
    "---\n",
    "? ",
    "%YAML 1.1\n",
    "<<: ",
    "null",
    "~",
    "yes",
    ".inf",
    "-1",
    "1e99",
    "0x10",
    "services:",
    "checks:",
    "prefixes:",
    "::/0",
    "__proto__: ",
    "constructor: ",
    "toString",
    "\0",
    "\u2028",
    "\ud800",
    "\u{1f4a9}",
    "9".repeat(400),
    "x".repeat(70),
  );
  // Half of them from valid ones: most edits of a file end it.
  const texts = fc.oneof(
    fc.constantFrom(...textsOf("valid")),
    fc.constantFrom(...textsOf("invalid")),
  );
  const edit = fc.record({ at: fc.nat(2000), length: fc.nat(20), piece: pieces });
  const counts = { valid: 0, syntax: 0, beyond: 0 };
  fc.assert(
    fc.property(texts, fc.array(edit, { maxLength: 3 }), (original, edits) => {
      let text = original;
      for (const { at, length, piece } of edits) {
        const start = at % (text.length + 1);
        text = text.slice(0, start) + piece + text.slice(start + length);
      }
      const outcome = attempt(text);
      if (!(outcome instanceof ConfigError)) counts.valid += 1;
      else if (outcome.problems.some(({ message }) => message.startsWith("no YAML")))
        counts.syntax += 1;
      else counts.beyond += 1;
    }),
    { numRuns: RUNS },
  );
  for (const [kind, count] of Object.entries(counts))
    assert.ok(count > 50, `${kind}: only ${count}`);
});

// Shapes that cost the parser its stack, its memory, or quadratic time.
const N = 50_000;
const shapes: Record<string, string> = {
  "lists in one line": "- ".repeat(N),
  "open lists": "[".repeat(N),
  "open maps": "{".repeat(N),
  "maps in maps": "{a: ".repeat(N),
  "keys in one line": "a: ".repeat(N),
  "complex keys": "? ".repeat(N),
  "a staircase": Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
  "equal keys": "a: 1\n".repeat(N / 5),
  "different keys": Array.from({ length: N / 5 }, (_, key) => `k${key}: 1\n`).join(""),
  "services of nothing": `services:\n${Array.from({ length: N / 10 }, (_, key) => `  s${key}: 1\n`).join("")}`,
  commas: `[${",".repeat(N)}`,
  quotes: '"'.repeat(N),
  escapes: `"${"\\x".repeat(N)}"`,
  anchors: "&a ".repeat(N),
  tags: "!a ".repeat(N),
  documents: "---\n".repeat(N),
  directives: "%a\n".repeat(N),
  newlines: "\n".repeat(N),
  "a bomb of aliases": `a: &a0 [x]\n${Array.from({ length: 30 }, (_, depth) => `b${depth}: &a${depth + 1} [${`*a${depth},`.repeat(10)}]\n`).join("")}`,
  "many aliases": `a: &a [${"x,".repeat(1000)}]\nb: [${"*a,".repeat(1000)}]`,
  "too many words": "[1,1,1,1,1]\n".repeat(N),
};

for (const [name, text] of Object.entries(shapes)) {
  test(`${name} is refused in time`, () => {
    assert.ok(attempt(text) instanceof ConfigError);
  });
}

test("bombs in many files share one budget", () => {
  const bomb = shapes["many aliases"] ?? "";
  const files = Array.from({ length: 200 }, (_, index) => ({ path: `${index}.yaml`, text: bomb }));
  const started = process.cpuUsage();
  assert.throws(() => parseConfig(files), ConfigError);
  assert.ok(cpuMsSince(started) < CPU_MAX_MS);
});

test("loading takes time in proportion to the services, with everything written out too", () => {
  const load = (count: number): number => {
    const services = Array.from({ length: count }, (_, index) => {
      const prefix = `10.${index >> 8}.${index & 255}.0/24`;
      return `  s${index}:\n    scope: local\n    prefixes: [${prefix}]\n    announce: { communities: [no-export], med: 5 }\n    checks: { a: { type: tcp, host: 127.0.0.1, port: 53 }, b: { type: http, url: "http://127.0.0.1/" } }\n`;
    });
    const config = attempt(`services:\n${services.join("")}`);
    assert.ok(!(config instanceof ConfigError));
    const text = showConfig(config.files, "fra1");
    const started = process.cpuUsage();
    assert.deepEqual(parseConfig([{ path: "shown.yaml", text }]).plan, config.plan);
    return cpuMsSince(started);
  };
  load(100);
  const fewMs = Math.min(load(100), load(100));
  const manyMs = load(1000);
  // Ten times the services; a rule that compares each with each would take a hundred times as long.
  assert.ok(manyMs < 40 * fewMs, `100 in ${fewMs} ms, 1,000 in ${manyMs} ms`);
});
