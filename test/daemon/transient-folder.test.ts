import assert from "node:assert/strict";
import {
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { prepareTransientFolder } from "../../src/daemon/transient-folder.ts";
import { waitUntil } from "../lab/wait.ts";
import { temporaryFolder } from "../checks/temporary.ts";

function site(t: TestContext) {
  const root = temporaryFolder(t);
  const [run, stateDir] = [join(root, "run"), join(root, "state")];
  mkdirSync(run);
  mkdirSync(join(stateDir, "drains"), { recursive: true });
  const prepare = (life: string, startedAtMs = Infinity, nowMs = Date.now()) =>
    prepareTransientFolder(join(run, "agent.sock"), stateDir, life, startedAtMs, nowMs);
  return { run, stateDir, drains: join(run, "drains"), prepare };
}

describe("the folder of transient drains", () => {
  it("is made, for the group, and emptied once for each ExaBGP", (t) => {
    const { run, drains, prepare } = site(t);
    assert.deepEqual(prepare("one"), { folder: drains, problem: undefined });
    assert.equal(statSync(drains).mode & 0o7777, 0o2770);
    writeFileSync(join(drains, "dns"), "");
    prepare("one");
    assert.deepEqual(readdirSync(drains), ["dns"]);
    // All that could ever become a drain.
    mkdirSync(join(drains, "web", "x"), { recursive: true });
    symlinkSync("/nowhere", join(drains, "mail"));
    writeFileSync(join(drains, ".consumed-dns"), "");
    // What could not is left to whoever put it there.
    writeFileSync(join(drains, "Read me.txt"), "");
    prepare("two");
    assert.deepEqual(readdirSync(drains), ["Read me.txt"]);
    assert.deepEqual(readdirSync(run).toSorted(), ["drains", "exabgp-life"]);
  });

  it("keeps what was ordered since ExaBGP started, and before its agent looked", async (t) => {
    const { drains, prepare } = site(t);
    prepare("one");
    writeFileSync(join(drains, "stop"), "");
    const startedAtMs = lstatSync(join(drains, "stop")).ctimeMs + 1;
    await waitUntil("a later time", () => {
      writeFileSync(join(drains, "start"), "");
      return lstatSync(join(drains, "start")).ctimeMs >= startedAtMs || undefined;
    });
    prepare("two", startedAtMs);
    assert.deepEqual(readdirSync(drains), ["start"]);
    prepare("two", startedAtMs);
    assert.deepEqual(readdirSync(drains), ["start"]);
  });

  it("keeps nothing of a time to come: the date was set back since the last stop", (t) => {
    const { drains, prepare } = site(t);
    prepare("one");
    writeFileSync(join(drains, "_all"), "");
    const { ctimeMs } = lstatSync(join(drains, "_all"));
    // Ten seconds back; the new ExaBGP started two seconds after the drain.
    prepare("two", ctimeMs - 8000, ctimeMs - 7000);
    assert.deepEqual(readdirSync(drains), []);
  });

  it("keeps nothing where nobody knows when ExaBGP started", (t) => {
    const { drains, prepare } = site(t);
    prepare("one");
    writeFileSync(join(drains, "dns"), "");
    prepare("two", Number.NaN);
    assert.deepEqual(readdirSync(drains), []);
  });

  it("is made by root for whoever has the folder above", (t) => {
    const { run, drains, prepare } = site(t);
    rmSync(run, { recursive: true });
    mkdirSync(run);
    assert.equal(process.getuid?.(), 0, "this test runs as root");
    chownSync(run, 65_534, 65_534);
    prepare("one");
    const { uid, gid, mode } = statSync(drains);
    assert.deepEqual([uid, gid, mode & 0o7777], [65_534, 65_534, 0o2770]);
  });

  it("is never the folder of those that last", (t) => {
    const { stateDir, run, prepare } = site(t);
    writeFileSync(join(stateDir, "drains", "dns"), "");
    const inside = prepareTransientFolder(join(stateDir, "agent.sock"), stateDir, "one");
    assert.equal(inside.folder, undefined);
    assert.match(inside.problem ?? "", /^There are no transient drains while the socket is in /);
    symlinkSync(join(stateDir, "drains"), join(run, "drains"));
    assert.equal(prepare("one").folder, undefined);
    assert.deepEqual(readdirSync(join(stateDir, "drains")), ["dns"]);
  });
});
