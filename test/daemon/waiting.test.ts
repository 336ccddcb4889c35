/** Two agents that want one state-dir, as processes: one has it, and nobody is kept from it by the dead. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { getStatus } from "../../src/control/client.ts";
import { identityOf, isRunning } from "../../src/daemon/life.ts";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, type Site } from "./scripted-exabgp.ts";

const ANNOUNCE = "announce route 192.0.2.0/24 next-hop self";

/** In the place of an ExaBGP that can be killed while what its child reads stays open. */
const PARENT = { wrap: ["sh", "-c", '"$@"; exit', "sh"] };

/** The process that has the lock. */
function holderOf({ stateDir }: Site): number | undefined {
  const [name] = readdirSync(join(stateDir, "lock"));
  return name === undefined ? undefined : Number(name.split("-")[0]);
}

describe("an agent whose state-dir another one has", () => {
  it("says so, touches and announces nothing, and works when the other is gone", async (t) => {
    const site = await createSite(t);
    const first = new ScriptedExabgp(site);
    await first.waitForCommands(1);
    // As somebody does who copies a configuration for a second ExaBGP.
    const text = readFileSync(site.configPath, "utf8");
    const otherPath = join(site.folder, "other.yaml");
    const socketPath = join(site.folder, "other.sock");
    writeFileSync(otherPath, text.replace(/^socket: .*$/m, `socket: ${socketPath}`));
    const second = new ScriptedExabgp({ ...site, configPath: otherPath });
    const status = await waitUntil("the second one's status", async () => {
      return await getStatus(socketPath, 5000, systemTimers).catch(() => undefined);
    });
    assert.deepEqual(
      status.problems.map(({ word, detail }) => [word, detail]),
      [
        [
          "lock",
          `another agent, pid ${first.child.pid} under the ExaBGP with pid ${process.pid}, has "${site.stateDir}": nothing is judged or announced here. Each ExaBGP needs a state-dir of its own, and a socket in a folder of its own`,
        ],
      ],
    );
    assert.equal(second.stdout.length, 0);
    // It reads all the same.
    await new Promise<void>((read) => second.child.stdin.write("x".repeat(1 << 20), () => read()));
    // The first has lost nothing of its own.
    site.drain("web", "");
    await first.waitForCommands(2);
    first.child.kill("SIGTERM");
    await first.exit();
    await waitUntil("its greeting", () => second.stdout.includes("system version") || undefined);
    assert.deepEqual(second.commands, []);
    second.child.kill("SIGTERM");
    assert.equal((await second.exit()).status, 0);
    assert.deepEqual(readdirSync(join(site.stateDir, "lock")), []);
  });

  it("ends with its ExaBGP, and when it is told to", async (t) => {
    const site = await createSite(t);
    const first = new ScriptedExabgp(site);
    await first.waitForCommands(1);
    for (const end of ["SIGTERM", "stdin"] as const) {
      const second = new ScriptedExabgp(site);
      await waitUntil("its word", () => second.stderr.includes('"word":"lock"') || undefined);
      if (end === "stdin") second.child.stdin.end();
      else second.child.kill(end);
      const { status, tookMs } = await second.exit();
      assert.equal(status, 0);
      assert.ok(tookMs < 2000);
    }
    await first.waitForStatus("the first", ({ services }) => services[0]?.state === "up");
  });
});

describe("a new agent does not wait for", () => {
  it("one that was killed", async (t) => {
    const site = await createSite(t);
    const first = new ScriptedExabgp(site);
    await first.waitForCommands(1);
    first.child.kill("SIGKILL");
    await first.exit();
    const second = new ScriptedExabgp(site);
    await waitUntil("its greeting", () => second.stdout.includes("system version") || undefined);
    assert.doesNotMatch(second.stderr, /the other agent/);
    assert.equal(holderOf(site), second.child.pid);
  });

  it("one that is stopped and has outlived its ExaBGP: it ends it, socket and all", async (t) => {
    const site = await createSite(t);
    const first = new ScriptedExabgp(site, [], PARENT);
    await first.waitForCommands(1);
    const old = identityOf(holderOf(site) ?? 0);
    process.kill(old.pid, "SIGSTOP");
    t.after(() => isRunning(old) && process.kill(old.pid, "SIGKILL"));
    first.child.kill("SIGKILL");
    const second = new ScriptedExabgp(site);
    assert.deepEqual(await second.waitForCommands(1), [ANNOUNCE]);
    assert.ok(!isRunning(old));
    assert.match(second.stderr, /ends an agent that has outlived its ExaBGP/);
    const { agent } = await second.waitForStatus("its status", () => true);
    assert.equal(agent.pid, second.child.pid);
  });

  it("one that is stopped and was told to end by the ExaBGP of both", async (t) => {
    const site = await createSite(t);
    const first = new ScriptedExabgp(site);
    await first.waitForCommands(1);
    first.child.kill("SIGSTOP");
    const stat = `/proc/${first.child.pid}/stat`;
    await waitUntil("it to stop", () => /\) T /.test(readFileSync(stat, "utf8")) || undefined);
    first.child.kill("SIGTERM");
    const second = new ScriptedExabgp(site);
    await waitUntil("its greeting", () => second.stdout.includes("system version") || undefined);
    assert.equal((await first.exit()).status, "SIGKILL");
  });
});
