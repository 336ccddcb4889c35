import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { createProbeContext } from "../../checks/context.ts";
import { CheckSchema, createListen } from "../../checks/registry.ts";
import { watchFile } from "../../checks/trigger.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, until } from "./probing.ts";
import { temporaryFolder } from "./temporary.ts";

const QUIET_MS = 100;
const LOOK_MS = 5000;

function trigger(t: TestContext, path: string) {
  const timers = manualTimers();
  const heard: string[] = [];
  const listener = watchFile(path, timers)((word, detail) => heard.push(`${word}: ${detail}`));
  t.after(() => listener.close());
  /** What is heard of what `change` does, when all of it has been told. */
  const after = async (change: () => void): Promise<string[]> => {
    const from = heard.length;
    change();
    await until(() => heard.length > from);
    await settled();
    return heard.slice(from);
  };
  /** A file that is made now is told of after everything that was done before. */
  const settled = async (): Promise<void> => {
    const folder = temporaryFolder(t);
    let isTold = false;
    const marker = join(folder, "marker");
    const other = watchFile(marker, timers)(() => (isTold = true));
    writeFileSync(marker, "");
    await until(() => isTold);
    other.close();
    timers.advance(QUIET_MS);
    timers.advance(QUIET_MS);
  };
  return { timers, heard, listener, after, settled };
}

describe("a trigger", { timeout: HANG_MS }, () => {
  for (const keys of [
    { type: "file", path: "/etc/passwd" },
    { type: "exec", command: ["/bin/true"] },
  ]) {
    test(`is heard by a check of type ${keys.type} that names one`, async (t) => {
      const path = join(temporaryFolder(t), "state");
      const spec = CheckSchema.parse({ ...keys, trigger: path });
      const heard: string[] = [];
      const listen = createListen(spec, createProbeContext({ timers: manualTimers() }));
      const listener = listen?.((word) => heard.push(word));
      assert.ok(listener !== undefined);
      t.after(() => listener.close());
      writeFileSync(path, "");
      await until(() => heard.length > 0);
      assert.deepEqual(heard, ["file-changed"]);
      assert.equal(createListen(CheckSchema.parse(keys), createProbeContext()), undefined);
    });
  }

  test("hears that the file is made, written, replaced and removed", async (t) => {
    const path = join(temporaryFolder(t), "trigger");
    const { heard, listener, after, settled } = trigger(t, path);
    assert.equal(listener.isListening, true);
    await settled();
    assert.deepEqual(heard, [], "that it is not there is no event");
    const made = await after(() => writeFileSync(path, "1"));
    assert.equal(made[0], "file-changed: the trigger file is there");
    const written = await after(() => writeFileSync(path, "2"));
    assert.equal(written[0], "file-changed: the trigger file has changed");
    writeFileSync(`${path}.new`, "3");
    const replaced = await after(() => renameSync(`${path}.new`, path));
    assert.equal(replaced[0], "file-changed: the trigger file has changed");
    const written2 = await after(() => appendFileSync(path, "4"));
    assert.equal(written2[0], "file-changed: the trigger file has changed");
    const removed = await after(() => rmSync(path));
    assert.equal(removed.at(-1), "file-changed: the trigger file is gone");
  });

  test("follows the file that takes the place of the one that was there", async (t) => {
    const path = join(temporaryFolder(t), "trigger");
    writeFileSync(path, "1");
    const { after } = trigger(t, path);
    writeFileSync(`${path}.new`, "2");
    await after(() => renameSync(`${path}.new`, path));
    const written = await after(() => appendFileSync(path, "3"));
    assert.equal(written[0], "file-changed: the trigger file has changed");
  });

  test("hears nothing of other files, and nothing of being read", async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, "trigger");
    writeFileSync(path, "");
    const { heard, settled } = trigger(t, path);
    writeFileSync(join(folder, "other"), "");
    writeFileSync(join(folder, "trigger2"), "");
    readFileSync(path);
    await settled();
    assert.deepEqual(heard, []);
  });

  test("puts a storm together, and hears its end", async (t) => {
    const path = join(temporaryFolder(t), "trigger");
    writeFileSync(path, "");
    const { heard, timers, after } = trigger(t, path);
    const stormed = await after(() => {
      for (let line = 0; line < 1000; line += 1) appendFileSync(path, `${line}\n`);
    });
    assert.ok(stormed.length >= 1 && stormed.length <= 3, `${stormed.length} events`);
    const count = heard.length;
    timers.advance(LOOK_MS);
    assert.equal(heard.length, count);
  });

  test("waits for a folder that is not there yet, or gone and made again", async (t) => {
    const folder = join(temporaryFolder(t), "run");
    const path = join(folder, "trigger");
    const { heard, listener, timers } = trigger(t, path);
    assert.equal(listener.isListening, false);
    timers.advance(100);
    assert.equal(listener.isListening, false);
    mkdirSync(folder);
    timers.advance(LOOK_MS);
    assert.equal(listener.isListening, true);
    assert.deepEqual(heard, []);
    writeFileSync(path, "");
    await until(() => heard.length === 1);
    timers.advance(QUIET_MS);
    timers.advance(QUIET_MS);
    const count = heard.length;
    rmSync(folder, { recursive: true });
    await until(() => !listener.isListening);
    mkdirSync(folder);
    timers.advance(LOOK_MS);
    assert.equal(listener.isListening, true);
    assert.ok(heard.length > count, "it went with its folder");
    const gone = heard.length;
    writeFileSync(path, "");
    await until(() => heard.length > gone);
  });

  test("finds out what nobody tells: another folder in the place of the first", async (t) => {
    const parent = join(temporaryFolder(t), "parent");
    const path = join(parent, "run", "trigger");
    mkdirSync(join(parent, "run"), { recursive: true });
    writeFileSync(path, "1");
    const { heard, timers, settled } = trigger(t, path);
    renameSync(parent, `${parent}.old`);
    mkdirSync(join(parent, "run"), { recursive: true });
    writeFileSync(path, "22");
    await settled();
    assert.deepEqual(heard, [], "the kernel says nothing");
    timers.advance(LOOK_MS);
    timers.advance(QUIET_MS);
    assert.deepEqual(heard, ["file-changed: the trigger file has changed"]);
    writeFileSync(path, "333");
    await until(() => heard.length === 2);
  });

  test("is silent after close", async (t) => {
    const path = join(temporaryFolder(t), "trigger");
    const { heard, timers, listener, settled } = trigger(t, path);
    listener.close();
    writeFileSync(path, "");
    await settled();
    timers.advance(LOOK_MS);
    assert.deepEqual(heard, []);
    assert.equal(listener.isListening, false);
    assert.equal(timers.pending, 0);
  });

  test("hears that a control group is empty, and that it is gone", async (t) => {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    // Before the group is removed, which must be empty by then.
    t.after(() => end(child));
    await once(child, "spawn");
    const group = makeGroup(t);
    if (group === undefined) {
      t.skip("no control group (v2) can be made here");
      return;
    }
    const path = join(group, "cgroup.events");
    writeFileSync(join(group, "cgroup.procs"), String(child.pid));
    const { heard, timers, listener, settled } = trigger(t, path);
    await settled();
    const count = heard.length;
    child.kill("SIGKILL");
    // The kernel tells of two changes in one go, and of the first one late.
    await until(() => heard.length > count && /^populated 0$/m.test(readFileSync(path, "utf8")));
    await settled();
    const empty = heard.length;
    rmdirSync(group);
    timers.advance(LOOK_MS);
    assert.equal(listener.isListening, false, "the kernel says nothing");
    assert.deepEqual(heard.slice(empty), ["file-changed: the trigger file is gone"]);
  });
});

/** A control group of this test's own, where that is allowed. */
function makeGroup(t: TestContext): string | undefined {
  for (const root of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]) {
    const group = join(root, `anyctl-test-${process.pid}`);
    try {
      readFileSync(join(root, "cgroup.controllers"));
      mkdirSync(group);
    } catch {
      continue;
    }
    t.after(() => {
      try {
        rmdirSync(group);
      } catch {
        // The test has removed it.
      }
    });
    return group;
  }
  return undefined;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
