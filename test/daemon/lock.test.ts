import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Lock, type Claimant } from "../../src/daemon/lock.ts";
import { temporaryFolder } from "../checks/temporary.ts";

const CLAIMER = fileURLToPath(new URL("claimer.js", import.meta.url));
const EXABGP = { pid: 50, startTime: "50" };

function claimant(pid: number, startTime: number, boot = "ab-1"): Claimant {
  return { boot, self: { pid, startTime: String(startTime) }, exabgp: EXABGP };
}

/** A folder, and whoever lives. */
function scene(folder: string) {
  const living = new Set<number>();
  const lockOf = (own: Claimant): Lock => {
    living.add(own.self.pid);
    return new Lock({ stateDir: folder, own, runs: ({ pid }) => living.has(pid) });
  };
  const claims = () => readdirSync(join(folder, "lock")).map((name) => Number(name.split("-")[0]));
  return { living, lockOf, claims };
}

describe("the lock of a state-dir", () => {
  it("is had by one, who is told to the other", (t) => {
    const { lockOf, claims } = scene(temporaryFolder(t));
    const [one, other] = [lockOf(claimant(1, 10)), lockOf(claimant(2, 20))];
    assert.deepEqual(one.take(), { outcome: "taken" });
    assert.deepEqual(other.take(), { outcome: "busy", holder: claimant(1, 10) });
    assert.deepEqual(claims(), [1]);
    one.release();
    assert.deepEqual(other.take(), { outcome: "taken" });
  });

  it("is not given to an elder one while a younger has it, but after it", (t) => {
    const { lockOf } = scene(temporaryFolder(t));
    const [younger, elder, third] = [2, 1, 3].map((n) => lockOf(claimant(n, 10 * n)));
    younger?.take();
    assert.equal(elder?.take().outcome, "busy");
    assert.equal(third?.take().outcome, "busy");
    younger?.release();
    assert.equal(third?.take().outcome, "busy");
    assert.equal(elder?.take().outcome, "taken");
  });

  it("of the dead is taken over, and so is one of an earlier boot", (t) => {
    const { lockOf, living, claims } = scene(temporaryFolder(t));
    lockOf(claimant(1, 10)).take();
    living.delete(1);
    const lock = lockOf(claimant(2, 20));
    assert.deepEqual(lock.take(), { outcome: "taken" });
    assert.deepEqual(claims(), [2]);
    // The pid is somebody else's by now.
    assert.deepEqual(lockOf(claimant(3, 30, "ab-2")).take(), { outcome: "taken" });
    assert.deepEqual(claims(), [3]);
  });

  it("leaves alone what is no claim, and a claim counts whatever is in it", (t) => {
    const folder = temporaryFolder(t);
    const { lockOf, living, claims } = scene(folder);
    mkdirSync(join(folder, "lock"));
    writeFileSync(join(folder, "lock", "Read me"), "");
    writeFileSync(join(folder, "lock", "7-70-of-5-5-in-ab-1"), "x".repeat(1000));
    living.add(7);
    assert.equal(lockOf(claimant(8, 80)).take().outcome, "busy");
    living.delete(7);
    assert.equal(lockOf(claimant(8, 80)).take().outcome, "taken");
    assert.equal(claims().length, 2);
  });

  it("is for the agent's user alone", (t) => {
    const folder = temporaryFolder(t);
    scene(folder).lockOf(claimant(1, 10)).take();
    assert.equal(statSync(join(folder, "lock")).mode & 0o027, 0);
  });

  it("keeps nobody from work where it cannot be made", (t) => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, "lock"), "no folder");
    assert.deepEqual(scene(folder).lockOf(claimant(1, 10)).take(), {
      outcome: "unlocked",
      problem: `Cannot lock "${join(folder, "lock")}": EEXIST`,
    });
  });

  it("is had by one at a time of twenty processes that want it at once, and die with it", async (t) => {
    const folder = temporaryFolder(t);
    const processes = Array.from({ length: 20 }, () =>
      spawn(process.execPath, [CLAIMER, folder, "3"], { stdio: "inherit" }),
    );
    const ends = await Promise.all(processes.map((one) => once(one, "exit")));
    assert.deepEqual(
      ends.map(([status, signal]) => `${String(status)} ${String(signal)}`),
      processes.map(() => "null SIGKILL"),
    );
  });
});
