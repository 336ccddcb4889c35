// What is read without a YAML parser is what the parser reads.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import fc from "fast-check";
import { readLenient } from "../../src/config/lenient.ts";
import { readQuickly } from "../../src/config/quick-settings.ts";
import { REPOSITORY } from "../lab/repository.ts";

const folder = mkdtempSync(join(tmpdir(), "anyctl-quick-"));
const path = join(folder, "anyctl.yaml");
after(() => rmSync(folder, { recursive: true }));

function quick(text: string): ReturnType<typeof readQuickly> {
  writeFileSync(path, text);
  return readQuickly(path);
}

test("what people write is read without the parser", () => {
  assert.deepEqual(
    quick(`# PoP of Frankfurt – é
pop: "fra1"
state-dir: /var/lib/other   # on the big disk
socket: /run/other.sock

http: { listen: "127.0.0.1:9179" }
services:
  web:
    prefixes: [192.0.2.0/24]
    socket: /not/this
maintenance:
  - { services: [web], cron: "0 3 * * 0", for: 30m }
`),
    { stateDir: "/var/lib/other", socketPath: "/run/other.sock" },
  );
  const files = readdirSync(join(REPOSITORY, "test/config/valid")).filter((name) =>
    name.endsWith(".yaml"),
  );
  const read = files.filter(
    (name) => readQuickly(join(REPOSITORY, "test/config/valid", name)) !== undefined,
  );
  assert.ok(read.length * 2 > files.length, `${read.length} of ${files.length}`);
});

test("a file that is not there has the defaults", () => {
  assert.deepEqual(readQuickly("/nonexistent"), readLenient("/nonexistent"));
});

const doubtful = [
  { name: "two documents", text: "---\nsocket: /a\n" },
  { name: "a path that goes on", text: "socket: /a\n  b\n" },
  { name: "a path that goes on behind a comment", text: "socket: /a\n# c\n  b\n" },
  { name: "keys that are all indented", text: "  socket: /a\n" },
  { name: "a quoted key", text: '"socket": /a\n' },
  { name: "a quoted path", text: 'socket: "/a b"\n' },
  { name: "a key twice", text: "socket: /a\nsocket: /b\n" },
  { name: "braces around everything", text: "{ socket: /a }\n" },
  { name: "an alias", text: "pop: &p /a\nsocket: *p\n" },
  { name: "a tab", text: "socket:\t/a\n" },
  { name: "a carriage return", text: "socket: /a\r\n" },
];
for (const { name, text } of doubtful) {
  test(`${name} is left to the parser`, () => assert.equal(quick(text), undefined));
}

test("whatever the file says, nobody reads it differently", () => {
  const line = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        "socket: /a",
        "state-dir: /b/c",
        "socket: /a # x",
        "pop: x",
        "services:",
        "  dns: 1",
      ),
    },
    fc.constantFrom(
      "socket: '/a'",
      "pop: 'x",
      'pop: "x',
      "y'",
      "pop: [1,",
      "pop: {a: 1,",
      "  b: 2 }",
      "  ]",
      "x: 1 }",
      "text: |",
      "text: >-",
      "  socket: /z",
      "  - a",
      "- a",
      "# socket: /c",
      "",
      " ",
      "...",
      "%YAML 1.2",
      "? socket",
      ": /d",
      "socket:",
      "socket: /e f",
      "socket: /é",
      "a: &x /q",
      "b: *x",
      "c: !t 1",
    ),
    fc.string({ maxLength: 8 }),
  );
  let read = 0;
  let found = 0;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const settings = quick(lines.join("\n"));
      if (settings === undefined) return;
      read += 1;
      if (settings.socketPath === "/a") found += 1;
      assert.deepEqual(settings, readLenient(path), lines.join("\n"));
    }),
    { numRuns: 3000 },
  );
  assert.ok(read > 300 && found > 100, `only ${read} of 3000 were read, ${found} had a socket`);
});

test("the fixtures of wrong files are read as the parser reads them", () => {
  const invalid = join(REPOSITORY, "test/config/invalid");
  for (const name of readdirSync(invalid).filter((one) => one.endsWith(".yaml"))) {
    writeFileSync(path, readFileSync(join(invalid, name)));
    const settings = readQuickly(path);
    if (settings !== undefined) assert.deepEqual(settings, readLenient(path), name);
  }
});
