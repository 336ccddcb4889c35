import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { EventEmitter } from "node:events";
import { execFileSync } from "node:child_process";
import type { Drain, Undrain } from "../../src/core/inputs.ts";
import { systemClock } from "../../src/daemon/clock.ts";
import { drainFormat, drainOf } from "../../src/daemon/drain-file.ts";
import { OrderFolder } from "../../src/daemon/order-folder.ts";
import { actorOf } from "../../src/daemon/actors.ts";
import { temporaryFolder } from "../checks/temporary.ts";

const ME = actorOf(process.getuid?.() ?? 0);

interface Change {
  readonly drains: readonly Drain[];
  readonly undrains: readonly Undrain[];
}

/** A watched folder; `change(act)` acts and resolves with what the agent would be told. */
async function watched(t: TestContext, prepare: (folder: string) => void = () => {}) {
  const folder = join(temporaryFolder(t), "drains");
  mkdirSync(folder);
  prepare(folder);
  const events = new EventEmitter();
  const problems: (string | undefined)[] = [];
  let first: Change = { drains: [], undrains: [] };
  const drains = new OrderFolder({
    folder,
    format: drainFormat(false),
    clock: systemClock,
    changed(standing: readonly Drain[], undrains: readonly Undrain[]) {
      first = { drains: standing, undrains };
      events.emit("change", first);
    },
    problem: (detail) => {
      problems.push(detail);
      events.emit("problem");
    },
  });
  t.after(() => drains.stop());
  await drains.start();
  return {
    folder,
    first,
    problems,
    events,
    change: async (act: () => void): Promise<Change> => {
      const heard = once(events, "change");
      act();
      const [change] = (await heard) as [Change];
      return change;
    },
  };
}

const write = (folder: string, name: string, content: unknown) => {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(folder, `.${name}`), text);
  renameSync(join(folder, `.${name}`), join(folder, name));
};

describe("drain files", () => {
  it("are read at the start, with their owner as actor", async (t) => {
    const { first } = await watched(t, (folder) => {
      write(folder, "dns", {
        reason: "CHG-1\nsecond line",
        by: "uid:1(liar)",
        since: "2026-01-01T00:00:00Z",
      });
    });
    assert.deepEqual(first.drains, [
      drainOf({
        service: "dns",
        reason: "CHG-1\nsecond line",
        by: ME,
        since: "2026-01-01T00:00:00Z",
        startedMs: first.drains[0]?.startedMs ?? NaN,
      }),
    ]);
  });

  it("are heard when they come and when they go", async (t) => {
    const { folder, change } = await watched(t);
    const { drains } = await change(() => write(folder, "_all", { reason: "reboot" }));
    assert.deepEqual(
      drains.map(({ service, reason }) => [service, reason]),
      [["_all", "reboot"]],
    );
    const gone = await change(() => rmSync(join(folder, "_all")));
    assert.deepEqual(gone, { drains: [], undrains: [] });
  });

  it("end by an undrain file, whose owner is the actor, and which is consumed", async (t) => {
    const { folder, change } = await watched(t, (at) => write(at, "dns", {}));
    const ended = await change(() => write(folder, "dns", { undrain: true, reason: "done" }));
    assert.deepEqual(ended, {
      drains: [],
      undrains: [{ service: "dns", reason: "done", by: ME }],
    });
    assert.deepEqual(readdirSync(folder), []);
  });

  it("are not lost when a crash came between an undrain and the drain that replaced it", async (t) => {
    const { first, folder } = await watched(t, (at) => {
      writeFileSync(join(at, ".consumed-dns"), '{"reason":"the second operator"}');
      writeFileSync(join(at, ".consumed-web"), '{"undrain":true}');
    });
    assert.deepEqual(
      first.drains.map(({ service, reason }) => [service, reason]),
      [["dns", "the second operator"]],
    );
    assert.deepEqual(readdirSync(folder), ["dns"]);
  });

  it("are heard although an undrain cannot be taken away, which stands as a drain", async (t) => {
    const { first, folder, change, problems } = await watched(t, (at) => {
      write(at, "other", { undrain: true, reason: "done" });
      // Nothing can be renamed onto a folder.
      mkdirSync(join(at, ".consumed-other", "x"), { recursive: true });
    });
    assert.deepEqual(
      first.drains.map(({ service, problem }) => [service, problem?.slice(0, 35)]),
      [["other", "ends an order and cannot be taken a"]],
    );
    assert.match(problems[0] ?? "", /^Cannot clear "\.consumed-other" away: /);
    const { drains } = await change(() => write(folder, "web", {}));
    assert.deepEqual(
      drains.map(({ service }) => service),
      ["other", "web"],
    );
  });

  it("are not made by an order to end a hold that cannot be taken away", async (t) => {
    const { first, problems } = await watched(t, (at) => {
      write(at, "other", { undrain: true, clearHold: true, reason: "done" });
      mkdirSync(join(at, ".consumed-other", "x"), { recursive: true });
    });
    assert.deepEqual(first.drains, []);
    assert.deepEqual(
      first.undrains.map(({ service, clearsHold }) => [service, clearsHold]),
      [["other", true]],
    );
    assert.match(
      problems.join("; "),
      /Ignores "other": the file ends an order and cannot be taken/,
    );
  });

  // What is in a file can never keep it from draining.
  const odd: { name: string; make: (path: string) => void; problem: string | undefined }[] = [
    { name: "made by touch", make: (path) => writeFileSync(path, ""), problem: undefined },
    {
      name: "of rubbish",
      make: (path) => writeFileSync(path, "\u0000\u001b[2J{"),
      problem: "is not a JSON object",
    },
    {
      name: "with a JSON list",
      make: (path) => writeFileSync(path, "[1]"),
      problem: "is not a JSON object",
    },
    {
      name: "larger than any drain",
      make: (path) => writeFileSync(path, `{"reason":"${"x".repeat(1 << 20)}"}`),
      problem: "is not a JSON object",
    },
    { name: "that is a folder", make: (path) => mkdirSync(path), problem: "is not a regular file" },
    {
      name: "that is a link",
      make: (path) => symlinkSync("/etc/hostname", path),
      problem: "is not a regular file",
    },
    {
      name: "that is a pipe nobody writes",
      make: (path) => execFileSync("mkfifo", [path]),
      problem: "is not a regular file",
    },
    {
      name: "that everybody may write, even an undrain",
      make: (path) => {
        writeFileSync(path, '{"undrain":true}');
        chmodSync(path, 0o666);
      },
      problem: "is writable by everybody",
    },
  ];
  for (const { name, make, problem } of odd) {
    it(`drain and are reported: one ${name}`, async (t) => {
      const { first } = await watched(t, (folder) => make(join(folder, "dns")));
      assert.deepEqual(
        first.drains.map((drain) => [drain.service, drain.problem]),
        [["dns", problem]],
      );
    });
  }

  it("are ignored, and said so once, when not named as a service", async (t) => {
    const { first, problems } = await watched(t, (folder) => {
      for (const name of [".hidden", "Dns", "dns\nweb", "ü", "-x"]) {
        writeFileSync(join(folder, name), "");
      }
    });
    assert.deepEqual(first.drains, []);
    assert.deepEqual(problems, ["Ignores 4 files that are not named as a service"]);
  });

  it("stand when their folder vanishes, and are read again when it is back", async (t) => {
    const { folder, events, change, problems } = await watched(t, (at) => write(at, "dns", {}));
    const complained = once(events, "problem");
    renameSync(folder, `${folder}.away`);
    await complained;
    assert.match(problems[0] ?? "", /Cannot read the folder/);
    const back = await change(() => {
      mkdirSync(folder);
      write(folder, "web", {});
    });
    assert.deepEqual(
      back.drains.map(({ service }) => service),
      ["web"],
    );
  });
});
