import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createProbeContext } from "../../checks/context.ts";
import { resultOfFileError } from "../../checks/file.ts";
import { DOUBT_MS } from "../../checks/wall-clock.ts";
import { asNobody, isRoot } from "./as-user.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck, type ProbingOptions } from "./probing.ts";
import { temporaryFolder } from "./temporary.ts";

async function judge(keys: object, options: ProbingOptions = {}): Promise<string> {
  const { result, error } = await runCheck({ type: "file", ...keys }, options);
  assert.equal(error, undefined);
  return `${result.outcome} ${result.reason}: ${result.detail}`;
}

describe("what an error says about a file", () => {
  const cases: readonly [code: string, exists: string, existsNot: string][] = [
    ["ENOENT", "fail not-found", "pass passed"],
    ["ELOOP", "fail not-found", "fail not-found"],
    ["EIO", "fail not-found", "fail not-found"],
    ["ESTALE", "fail not-found", "fail not-found"],
    // FUSE without its daemon, NFS mounted soft.
    ["ENOTCONN", "fail not-found", "fail not-found"],
    ["ETIMEDOUT", "fail not-found", "fail not-found"],
    ["EINVAL", "fail wrong-content", "fail wrong-content"],
    ["EACCES", "inconclusive no-permission", "inconclusive no-permission"],
    ["EMFILE", "inconclusive no-descriptors", "inconclusive no-descriptors"],
  ];
  for (const [code, ...expected] of cases) {
    test(code, () => {
      const error = Object.assign(new Error(`${code}: stat '/it'`), { code });
      const said = [true, false].map((exists) => resultOfFileError(error, exists));
      assert.deepEqual(
        said.map(({ outcome, reason }) => `${outcome} ${reason}`),
        expected,
      );
    });
  }

  test("what nobody foresaw is thrown", () => {
    const error = Object.assign(new Error("bad"), { code: "EBADF" });
    assert.throws(() => resultOfFileError(error, true), error);
  });
});

describe("file", { timeout: HANG_MS }, () => {
  test("exists: any kind of thing", async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, "it");
    const missing = `fail not-found: ENOENT: no such file or directory, stat '${path}'`;
    assert.equal(await judge({ path }), missing);
    symlinkSync(join(folder, "nowhere"), path);
    assert.equal(await judge({ path }), missing);
    assert.equal(await judge({ path, exists: false }), "pass passed: nothing is there");
    rmSync(path);
    writeFileSync(path, "");
    assert.equal(await judge({ path }), "pass passed: a regular file");
    assert.equal(await judge({ path, exists: false }), "fail exists: a regular file is there");
    assert.match(await judge({ path: `${path}/below` }), /^fail not-found: ENOTDIR/);
    assert.match(await judge({ path: `${path}/below`, exists: false }), /^pass passed/);
    assert.equal(await judge({ path: folder }), "pass passed: a directory");
    assert.equal(await judge({ path: "/dev/null" }), "pass passed: a device");
    symlinkSync("loop", join(folder, "loop"));
    assert.match(await judge({ path: join(folder, "loop") }), /^fail not-found: ELOOP/);
    assert.match(await judge({ path: `/${"x".repeat(300)}` }), /^fail not-found: ENAMETOOLONG/);
  });

  test("age: old, fresh, from the future, and replaced", async (t) => {
    const path = join(temporaryFolder(t), "zone");
    const keys = { path, "max-age": "1m" };
    writeFileSync(path, "");
    const touch = (seconds: number) => utimesSync(path, seconds, Date.now() / 1000 + seconds);
    assert.match(await judge(keys), /^pass passed: written \d s ago$/);
    touch(-50);
    assert.match(await judge(keys), /^pass passed: written 5\d s ago$/);
    touch(-90);
    assert.match(await judge(keys), /^fail stale: written 9\d s ago, at most 1m$/);
    touch(30);
    assert.match(await judge(keys), /^pass passed: written (2\d|30) s in the future$/);
    touch(900);
    assert.match(await judge(keys), /^fail stale: written (89\d|900) s in the future, at most 1m$/);
    writeFileSync(`${path}.new`, "");
    renameSync(`${path}.new`, path);
    assert.match(await judge(keys), /^pass passed: written \d s ago$/);
  });

  test("age says nothing for a while after the clock was set", async (t) => {
    const path = join(temporaryFolder(t), "zone");
    writeFileSync(path, "");
    const timers = manualTimers();
    let wallMs = Date.now();
    const context = createProbeContext({ timers, wallMs: () => wallMs });
    const run = () => judge({ path, "max-age": "1m", content: "x" }, { context });
    // Its content is wrong, whatever the clock says.
    assert.match(await run(), /^fail wrong-content/);
    wallMs += 3_600_000;
    assert.match(await run(), /^inconclusive clock-stepped: .* forward by 3600 s: stale: written/);
    wallMs -= 3_600_000;
    assert.match(await run(), /^fail wrong-content/);
    wallMs -= 3_600_000;
    assert.match(await run(), /^inconclusive clock-stepped: .* stale: .* in the future/);
    timers.advance(DOUBT_MS);
    wallMs += DOUBT_MS;
    assert.match(await run(), /^fail stale/);
  });

  test("content: text, patterns, what is empty, huge, binary, or in /proc", async (t) => {
    const path = join(temporaryFolder(t), "state");
    writeFileSync(path, "state: ready\nsince: 5\n");
    assert.equal(await judge({ path, content: "ready" }), "pass passed: 22 bytes");
    assert.equal(await judge({ path, content: "/^SINCE/im" }).catch(() => "refused"), "refused");
    assert.equal(await judge({ path, content: "/^STATE: READY\\n/i" }), "pass passed: 22 bytes");
    assert.equal(
      await judge({ path, content: "down" }),
      "fail wrong-content: no match in 22 bytes",
    );
    const aged = await judge({ path, content: "ready", "max-age": "1h" });
    assert.match(aged, /^pass passed: written \d s ago, 22 bytes$/);
    writeFileSync(path, "");
    assert.equal(await judge({ path, content: "x" }), "fail wrong-content: no match in 0 bytes");
    writeFileSync(path, Buffer.from([0, 255, 10, 27, 0x6f, 0x6b]));
    assert.equal(await judge({ path, content: "ok" }), "pass passed: 6 bytes");
    // Sparse: it takes no space, and would take a minute to read.
    truncateSync(path, 1e12);
    const huge = await judge({ path, content: "x" });
    assert.equal(huge, "fail wrong-content: no match in the first 65536 bytes");
    const status = { path: "/proc/self/status", content: "/^Name:\\t/" };
    assert.match(await judge(status), /^pass passed: \d{3,} bytes$/);
  });

  test("content: what is no regular file is not opened", async (t) => {
    const folder = temporaryFolder(t);
    const fifo = join(folder, "fifo");
    execFileSync("mkfifo", [fifo]);
    const content = "x";
    assert.equal(await judge({ path: fifo, content }), "fail wrong-content: it is a FIFO");
    assert.equal(await judge({ path: folder, content }), "fail wrong-content: it is a directory");
    const socket = join(folder, "socket");
    const server = createServer().listen(socket);
    t.after(() => server.close());
    await once(server, "listening");
    assert.equal(await judge({ path: socket, content }), "fail wrong-content: it is a socket");
    const zero = { path: "/dev/zero", content };
    assert.equal(await judge(zero), "fail wrong-content: it is a device");
  });

  test("content: a file that cannot be read by anybody", { skip: !isRoot }, async () => {
    const said = await judge({ path: "/proc/self/clear_refs", content: "x" });
    assert.equal(said, "fail wrong-content: EINVAL: invalid argument, read");
  });

  test("what the agent may not look at says nothing", { skip: !isRoot }, async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, "below", "file");
    mkdirSync(join(folder, "below"));
    writeFileSync(path, "ok", { mode: 0o600 });
    chmodSync(folder, 0o755);
    assert.equal(await asNobody(() => judge({ path })), "pass passed: a regular file");
    const content = { path, content: "ok" };
    assert.match(await asNobody(() => judge(content)), /^inconclusive no-permission: EACCES/);
    chmodSync(join(folder, "below"), 0o700);
    for (const exists of [true, false]) {
      const found = await asNobody(() => judge({ path, exists }));
      assert.match(found, /^inconclusive no-permission: EACCES/);
    }
  });

  test("a hundred at once wait for their turn, and pass", async (t) => {
    const path = join(temporaryFolder(t), "file");
    writeFileSync(path, "ok");
    const context = createProbeContext();
    const all = Array.from({ length: 100 }, () => judge({ path, content: "ok" }, { context }));
    assert.deepEqual([...new Set(await Promise.all(all))], ["pass passed: 2 bytes"]);
  });
});
