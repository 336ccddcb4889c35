import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { FILE_BYTES_MAX } from "../../src/config/limits.ts";
import { ConfigError, formatProblem, loadConfig } from "../../src/config/load.ts";

const VALID = `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks: { port: { type: tcp, host: 127.0.0.1, port: 53 } }
`;

test("a file that is not there", (t) => {
  const path = join(folder(t), "anyctl.yaml");
  assert.deepEqual(problemsOf(path), [
    `${path}:1:1: cannot be read: there is no such file (ENOENT); allowed: a readable file`,
  ]);
});

test("a path through a file", (t) => {
  const path = join(folder(t, { "anyctl.yaml": VALID }), "anyctl.yaml", "anyctl.yaml");
  const [first = ""] = problemsOf(path);
  assert.ok(first.includes("a part of its path is not a folder (ENOTDIR)"), first);
});

test("a directory", (t) => {
  const path = folder(t);
  assert.deepEqual(problemsOf(path), [
    `${path}:1:1: cannot be read: is a directory; allowed: a regular file`,
  ]);
});

test("what is neither a file nor a directory: a FIFO would block for ever", () => {
  assert.deepEqual(problemsOf("/dev/null"), [
    "/dev/null:1:1: cannot be read: is no regular file; allowed: a regular file",
  ]);
});

test("a file that may not be read", (t) => {
  const path = join(folder(t, { "anyctl.yaml": VALID }), "anyctl.yaml");
  chmodSync(path, 0);
  const problems = asNobody(() => problemsOf(path));
  assert.deepEqual(problems, [
    `${path}:1:1: cannot be read: permission denied (EACCES); allowed: a readable file`,
  ]);
});

test("a folder of more files that may not be read is not an empty one", (t) => {
  const path = join(folder(t, { "anyctl.yaml": VALID, "anyctl.d/web.yaml": "" }), "anyctl.yaml");
  const dropIns = path.replace(/yaml$/, "d");
  chmodSync(dropIns, 0);
  assert.deepEqual(
    asNobody(() => problemsOf(path)),
    [
      `${dropIns}:1:1: cannot be read: permission denied (EACCES); allowed: a readable folder, or none`,
    ],
  );
});

test("a file that is too large is not read", (t) => {
  const path = join(folder(t, { "anyctl.yaml": VALID }), "anyctl.yaml");
  truncateSync(path, FILE_BYTES_MAX + 1);
  assert.deepEqual(problemsOf(path), [
    `${path}:1:1: cannot be read: has ${FILE_BYTES_MAX + 1} bytes; allowed: at most ${FILE_BYTES_MAX}`,
  ]);
});

test("all files together are too large", (t) => {
  const half = `#${"x".repeat(FILE_BYTES_MAX - 1)}`;
  const files = { "anyctl.yaml": half, "anyctl.d/a.yaml": half, "anyctl.d/b.yaml": half };
  const [first = ""] = problemsOf(join(folder(t, files), "anyctl.yaml"));
  assert.ok(first.includes("all files together have"), first);
});

test("bytes that are no UTF-8 have a place", (t) => {
  const bytes = Buffer.from("pop: fra1\n# caf\u00e9 \u00e9\n", "latin1");
  const path = join(folder(t, { "anyctl.yaml": bytes }), "anyctl.yaml");
  assert.deepEqual(problemsOf(path), [
    `${path}:2:6: is not UTF-8 here; allowed: a text file in UTF-8`,
  ]);
});

test("UTF-16 is not UTF-8", (t) => {
  const bytes = Buffer.from(`\ufeff${VALID}`, "utf16le");
  const [first = ""] = problemsOf(join(folder(t, { "anyctl.yaml": bytes }), "anyctl.yaml"));
  assert.ok(first.includes(":1:1: is not UTF-8 here"), first);
});

test("a byte order mark and CRLF are accepted, and columns are the same", (t) => {
  const text = `\ufeff${VALID.replaceAll("\n", "\r\n")}`;
  assert.equal(
    loadConfig(join(folder(t, { "anyctl.yaml": text }), "anyctl.yaml")).plan.services.length,
    1,
  );
  const wrong = join(
    folder(t, { "anyctl.yaml": `\ufeffpop: a b\r\n${text.slice(1)}` }),
    "anyctl.yaml",
  );
  assert.ok(problemsOf(wrong)[0]?.includes(":1:6: pop: "));
});

test("every file that cannot be read is named", (t) => {
  const path = join(folder(t, { "anyctl.yaml": VALID, "anyctl.d/ok.yaml": VALID }), "anyctl.yaml");
  const dropIns = path.replace(/yaml$/, "d");
  mkdirSync(join(dropIns, "a.yaml"));
  symlinkSync("/nonexistent", join(dropIns, "b.yaml"));
  assert.deepEqual(
    problemsOf(path).map((line) => line.split(":")[0]),
    [join(dropIns, "a.yaml"), join(dropIns, "b.yaml")],
  );
});

test("a drop-in with another ending is a warning, a hidden one is nothing", (t) => {
  const files = { "anyctl.yaml": VALID, "anyctl.d/web.yml": "{", "anyctl.d/.web.yaml.swp": "{" };
  const path = join(folder(t, files), "anyctl.yaml");
  const { warnings, plan } = loadConfig(path);
  assert.equal(plan.services.length, 1);
  assert.deepEqual(warnings.map(formatProblem), [
    `${path.replace(/yaml$/, "d")}/web.yml:1:1: is not used; allowed: names that end with .yaml`,
  ]);
});

test("a control character in a file's name cannot start a line", (t) => {
  const path = join(folder(t), "any\nctl\u001b.yaml");
  for (const line of problemsOf(path)) assert.doesNotMatch(line, /\p{Cc}/u);
});

function folder(t: TestContext, files: Record<string, string | Buffer> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "anyctl-config-"));
  chmodSync(path, 0o755);
  t.after(() => rmSync(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function problemsOf(path: string): string[] {
  try {
    loadConfig(path);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(formatProblem);
  }
  return [];
}

/** Root may read everything; loading is synchronous, so nothing else runs meanwhile. */
function asNobody<T>(run: () => T): T {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.(65_534);
  try {
    return run();
  } finally {
    process.seteuid?.(0);
  }
}
