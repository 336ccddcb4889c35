/** Crash loops of the real agent: when it works at once, what it does while it idles, and how its starts are counted. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { askAgent, getWhy } from "../../src/control/client.ts";
import { hostMs } from "../../src/daemon/crash-loop.ts";
import { lifeOf } from "../../src/daemon/life.ts";
import type { Stage, Start } from "../../src/daemon/start-verdict.ts";
import { readStarts, startsPath } from "../../src/daemon/starts-file.ts";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, type Site } from "./scripted-exabgp.ts";

const WITHDRAW = "withdraw route 192.0.2.0/24 next-hop self";

const pathOf = ({ folder }: Site) => startsPath(join(folder, "agent.sock"));

/** What earlier lives under this process, which stands for ExaBGP, have left: how long ago they started. */
function leaveStarts(site: Site, agoMs: readonly number[], stage: Stage = "running"): void {
  const starts = agoMs.map((ago, nth): Start => {
    const pid = 100_000_000 + nth;
    return { life: lifeOf(process.pid), pid, atMs: hostMs() - ago, idleMs: 0, stage };
  });
  writeFileSync(pathOf(site), JSON.stringify(starts), { mode: 0o600 });
}

/** A life that has announced the prefix and is killed. */
async function killedLife(site: Site): Promise<void> {
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForStatus("the route", ({ services }) =>
    services.some(({ routes }) => routes[0]?.answer === "done"),
  );
  exabgp.child.kill("SIGKILL");
  await exabgp.exit();
}

const isIdling = ({ problems }: { problems: readonly { word: string }[] }) =>
  problems.some(({ word }) => word === "crash-loop");

describe("an agent that idles", () => {
  it("judges nothing, keeps what ExaBGP holds, obeys drains, and says so; then it works", async (t) => {
    const site = await createSite(t);
    await killedLife(site);
    // The fifth start within 64 s: it idles until the first of them is out of the minute.
    leaveStarts(site, [59_000, 300, 200, 100], "clean");
    // Dead, and left alone: nobody has judged it.
    site.service.close();
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = (line) => (line === "show adj-rib out extensive" ? LISTING : "done\n");
    const status = await exabgp.waitForStatus("idling", isIdling);
    const detail = status.problems.find(({ word }) => word === "crash-loop")?.detail ?? "";
    assert.match(
      detail,
      /^the agent has started 5 times within 64 s, and ExaBGP ends at the sixth: nothing is judged or mended until \d{4}-.*Z, and only orders are obeyed$/,
    );
    await exabgp.waitForStatus(
      "the route that ExaBGP holds",
      ({ services }) => services[0]?.routes[0]?.told === "announced",
    );
    const socketPath = join(site.folder, "agent.sock");
    const why = await getWhy(socketPath, { kind: "service", name: "web" }, 5000, systemTimers);
    assert.ok(typeof why === "object" && why.text.includes(`The agent idles: ${detail}.`));
    const asked = { path: "/healthz", statuses: [503] };
    const health = await askAgent(socketPath, asked, 5000, systemTimers);
    assert.deepEqual(health, {
      status: 503,
      value: { ok: false, detail, problems: ["crash-loop"] },
    });
    assert.deepEqual(exabgp.commands, []);
    site.drain("web", "");
    assert.deepEqual(await exabgp.waitForCommands(1), [WITHDRAW]);
    site.drain("web", JSON.stringify({ undrain: true }));
    const idle = await exabgp.waitForStatus("the undrain", ({ drains }) => drains.length === 0);
    assert.ok(isIdling(idle), "it idled too shortly for this test");
    // It goes on in the same process, and judges.
    await exabgp.waitForStatus("a verdict", ({ services }) => services[0]?.state === "down");
    const after = await exabgp.waitForStatus("the end of it", (seen) => !isIdling(seen));
    assert.equal(after.agent.pid, exabgp.child.pid);
    assert.deepEqual(exabgp.commands, [WITHDRAW]);
  });

  it("is the third after an unclean end, not the second", async (t) => {
    const site = await createSite(t);
    leaveStarts(site, [2000, 1000]);
    await killedLife(site);
    const exabgp = new ScriptedExabgp(site);
    const { problems } = await exabgp.waitForStatus("idling", isIdling);
    assert.match(problems[0]?.detail ?? "", /without being told to 3 times within 64 s/);
    assert.deepEqual(exabgp.commands, []);
  });
});

describe("a pin", () => {
  it("is obeyed by the next life from its first moment, also while that one idles", async (t) => {
    const site = await createSite(t);
    const until = new Date(Date.now() + 600_000).toISOString();
    const pins = join(site.stateDir, "pins");
    mkdirSync(pins);
    writeFileSync(join(pins, "web"), JSON.stringify({ reason: "the check lies", until }));
    site.service.close();
    await killedLife(site);
    leaveStarts(site, [30_000, 300, 200, 100], "clean");
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = (line) => (line === "show adj-rib out extensive" ? LISTING : "done\n");
    const idle = await exabgp.waitForStatus(
      "the pin and the listing",
      ({ services }) => services[0]?.routes[0]?.told === "announced",
    );
    assert.ok(isIdling(idle));
    assert.deepEqual([idle.services[0]?.state, idle.pins[0]?.until], ["pinned", until]);
    assert.ok(!exabgp.commands.some((line) => line.startsWith("withdraw")));
  });
});

const LISTING =
  "neighbor 127.0.0.2 local-ip 127.0.0.1 local-as 64496 peer-as 64497 router-id 127.0.0.1 family-allowed in-open ipv4 unicast 192.0.2.0/24 next-hop self\ndone\n";

describe("starts are counted", () => {
  it("with how they end: killed, told to, or by the end of ExaBGP", async (t) => {
    const site = await createSite(t);
    const stages = () => readStarts(pathOf(site)).map(({ stage }) => stage);
    await killedLife(site);
    assert.deepEqual(stages(), ["running"]);
    for (const end of ["SIGTERM", "stdin"] as const) {
      const exabgp = new ScriptedExabgp(site);
      await exabgp.waitForStatus("its start", ({ exabgp: { phase } }) => phase === "ready");
      await waitUntil("its mark", () => stages().at(-1) === "running" || undefined);
      if (end === "stdin") exabgp.child.stdin.end();
      else exabgp.child.kill(end);
      await exabgp.exit();
    }
    assert.deepEqual(stages(), ["running", "clean", "clean"]);
  });

  it("also of one that cannot be loaded, which idles by itself", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site, ["--log-level", "loud"]);
    await waitUntil("its error", () => exabgp.stderr.includes("Unknown log level") || undefined);
    const [start] = readStarts(pathOf(site));
    assert.deepEqual([start?.pid, start?.stage], [exabgp.child.pid, "begun"]);
    assert.equal(exabgp.child.exitCode, null);
  });

  it("so that one that dies before it decides anything idles before it is loaded", async (t) => {
    const site = await createSite(t);
    leaveStarts(site, [62_000, 300, 200, 100], "begun");
    const exabgp = new ScriptedExabgp(site);
    await waitUntil("its word", () => exabgp.stderr.startsWith("anyctl: waits, ") || undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(exabgp.stdout.length, 0);
    // More than a pipe holds: it reads.
    await new Promise<void>((resolve) =>
      exabgp.child.stdin.write("x".repeat(1 << 20), () => resolve()),
    );
    exabgp.child.stdin.end();
    assert.equal((await exabgp.exit()).status, 0);
  });

  it("but work goes on where they cannot be", async (t) => {
    const site = await createSite(t);
    mkdirSync(pathOf(site));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    const { problems } = await exabgp.waitForStatus("the problem", (s) => s.problems.length > 0);
    assert.deepEqual(
      problems.map(({ word, detail }) => [word, detail]),
      [["starts-file", `Cannot count starts in "${pathOf(site)}": EISDIR`]],
    );
  });
});
