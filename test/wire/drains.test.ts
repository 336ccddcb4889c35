/** Drains by the real command line and by hand: what the router sees. Needs root. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import {
  waitForDecision,
  stateOf,
  updates,
  waitForNoRoutes,
  waitForRoutes,
  waitForSessions,
  waitForStatus,
} from "./fixtures.ts";

const HOSTILE = "CHG-1234 ü\nshutdown\u001b[2J";

describe("a drain", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab();
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  test("withdraws, with who and why in the audit, and not a byte of it for ExaBGP", async () => {
    const { pop } = mini;
    const drained = await pop.anyctl("drain", "web", "--reason", HOSTILE);
    assert.equal(drained.status, 0, drained.stderr);
    await waitForNoRoutes(mini);
    const { reason, actor, note, commands } = await waitForDecision(pop, { to: "drained" });
    assert.deepEqual(
      { reason, actor, note },
      { reason: "operator-drain", actor: "uid:0(root)", note: HOSTILE },
    );
    for (const line of commands) assert.match(line, /^withdraw route [0-9a-f.:/]+ next-hop self$/);
    for (const line of pop.exabgp.agentLog.lines()) assert.ok(!line.includes("\u001b"));
  });

  test("outlives a respawn of the agent: nothing is announced", async () => {
    const { pop } = mini;
    const killed = pop.exabgp.agentPid();
    assert.ok(killed);
    process.kill(killed, "SIGKILL");
    const pid = await pop.exabgp.waitForAgent({ otherThan: killed });
    const sinceMs = Date.now();
    await waitForStatus(
      pop,
      "the new agent to be settled",
      (seen) =>
        seen.agent.pid === pid &&
        seen.services[0]?.checks.every(({ verdict }) => verdict === "up") === true,
    );
    assert.deepEqual(
      updates(mini, sinceMs).filter((update) => update.includes("announced")),
      [],
    );
  });

  test("ends by undrain, after fresh passes", async () => {
    const { pop } = mini;
    const undrained = await pop.anyctl("undrain", "web", "--reason", "done");
    assert.equal(undrained.status, 0, undrained.stderr);
    await waitForRoutes(mini);
    await waitForDecision(pop, { to: "up" });
    const decisions = pop.audit().slice(-2);
    assert.deepEqual(
      decisions.map(({ from, to, actor }) => [from, to, actor]),
      [
        ["drained", "starting", "uid:0(root)"],
        ["starting", "up", "agent"],
      ],
    );
  });

  test("made by touch drains the whole PoP, and ends when the file goes", async () => {
    const { pop } = mini;
    const file = join(pop.stateFolder, "drains", "_all");
    writeFileSync(file, "");
    await waitForNoRoutes(mini);
    rmSync(file);
    await waitForRoutes(mini);
    await waitForDecision(pop, { to: "up" });
    assert.equal(pop.audit().at(-2)?.actor, "unknown");
  });
});

describe("a PoP that was drained before it started", () => {
  test("announces nothing until it is undrained", async (t) => {
    const mini = await createMiniLab({ startsExabgp: false });
    t.after(() => mini.remove());
    const { pop } = mini;
    const drained = await pop.anyctl("drain", "--all", "--reason", "before boot");
    assert.equal(drained.status, 3, "no agent runs, the file stands");
    await pop.exabgp.start();
    await waitForSessions(mini);
    await waitForStatus(
      pop,
      "the checks to be up while drained",
      (seen) =>
        stateOf(seen, "web") === "drained" &&
        seen.services[0]?.checks.every(({ verdict }) => verdict === "up") === true,
    );
    assert.deepEqual(
      updates(mini).filter((update) => update.includes("announced")),
      [],
    );
    await pop.anyctl("undrain", "--all");
    await waitForRoutes(mini);
  });
});
