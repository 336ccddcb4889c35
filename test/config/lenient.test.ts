import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import fc from "fast-check";
import { readLenient } from "../../src/config/load.ts";

const folder = mkdtempSync(join(tmpdir(), "anyctl-lenient-"));
const path = join(folder, "anyctl.yaml");
after(() => rmSync(folder, { recursive: true }));

const STATE_DIR = "/var/lib/anyctl";
const SOCKET = "/run/anyctl/agent.sock";

const cases = [
  { name: "an empty file", text: "", stateDir: STATE_DIR, socketPath: SOCKET },
  { name: "both", text: "state-dir: /a\nsocket: /b/c\n", stateDir: "/a", socketPath: "/b/c" },
  {
    name: "quoted and commented",
    text: 'state-dir: \'/a b\' # x\n"socket": "/b"\n',
    stateDir: "/a b",
    socketPath: "/b",
  },
  {
    name: "an invalid rest",
    text: "socket: /b\nservices: 5\npop: [\n",
    stateDir: STATE_DIR,
    socketPath: "/b",
  },
  {
    name: "tabs",
    text: "services:\n\tdns:\n\t\tx: 1\nstate-dir:   /a # here\nsocket: /b\n",
    stateDir: "/a",
    socketPath: "/b",
  },
  {
    name: "an open quote before",
    text: "pop: \"fra\nsocket: /b\nstate-dir: '/a'\n",
    stateDir: "/a",
    socketPath: "/b",
  },
  {
    name: "one unusable",
    text: "state-dir: a\nsocket: /b\n",
    stateDir: STATE_DIR,
    socketPath: "/b",
  },
  {
    name: "both unusable",
    text: `state-dir: [/a]\nsocket: /${"x".repeat(200)}\n`,
    stateDir: STATE_DIR,
    socketPath: SOCKET,
  },
  {
    name: "a way out",
    text: "state-dir: /a/../b\nsocket: /b/\n",
    stateDir: STATE_DIR,
    socketPath: SOCKET,
  },
  {
    name: "only nested ones",
    text: "services:\n  socket: /b\n  state-dir: /a\n",
    stateDir: STATE_DIR,
    socketPath: SOCKET,
  },
  { name: "a list", text: "- socket: /b\n", stateDir: STATE_DIR, socketPath: SOCKET },
  {
    name: "too deep to be parsed",
    text: `pop: ${"[".repeat(50_000)}\nsocket: /b\n`,
    stateDir: STATE_DIR,
    socketPath: "/b",
  },
];

for (const { name, text, ...expected } of cases) {
  test(`${name} gives ${JSON.stringify(expected)}`, () => {
    writeFileSync(path, text);
    assert.deepEqual(readLenient(path), expected);
  });
}

test("what cannot be read gives the defaults", () => {
  for (const other of [folder, join(folder, "none"), "\0"]) {
    assert.deepEqual(readLenient(other), { stateDir: STATE_DIR, socketPath: SOCKET });
  }
});

test("any bytes give absolute paths", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      writeFileSync(path, bytes);
      const { stateDir, socketPath } = readLenient(path);
      assert.ok(stateDir.startsWith("/") && socketPath.startsWith("/"));
    }),
    { numRuns: 200 },
  );
});
