/** The whole agent under a systemd that waits for pings, with a scripted ExaBGP above it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";
import { SystemdListener } from "./systemd-listener.ts";

/** So short that a test need not wait for long: a ping at nearly every look. */
const WATCHDOG_MS = 600;

/** More than one ping takes, on a busy host too: who sends none for so long sends none. */
const QUIET_MS = 2000;

async function start(t: TestContext, watchdogMs: number | undefined = WATCHDOG_MS) {
  const systemd = await SystemdListener.start(t);
  const site = await createSite(t);
  const env = {
    NOTIFY_SOCKET: systemd.socket,
    WATCHDOG_PID: "1",
    ...(watchdogMs !== 0 && { WATCHDOG_USEC: `${watchdogMs * 1000}` }),
  };
  return { systemd, site, start: () => new ScriptedExabgp(site, [], { env }) };
}

describe("the agent", { concurrency: true }, () => {
  it("pings while all is well, and not while ExaBGP hangs, nor while it is stopped itself", async (t) => {
    const { systemd, site, start: run } = await start(t);
    const exabgp = run();
    await waitUntil("READY", () => systemd.isReady || undefined);
    const well = "1 of 1 service announced; ExaBGP 4.2.21, no session known";
    // What the scene lacks (an address of the prefix, a session) is named behind it.
    await waitUntil("the status", () => systemd.status?.startsWith(well) || undefined);
    await systemd.waitForPings(3);

    exabgp.child.stdout.pause();
    const hung = await exabgp.waitForStatus("the problem", ({ problems }) =>
      problems.some(({ word }) => word === "watchdog"),
    );
    const detail = hung.problems.find(({ word }) => word === "watchdog")?.detail;
    assert.equal(detail, "no pings for systemd: ExaBGP has answered nothing for 2 s, twice");
    assert.match(exabgp.stderr, /"level":"error".*"word":"watchdog"/);
    const pings = systemd.pings;
    await sleep(QUIET_MS);
    assert.equal(systemd.pings, pings);
    assert.match(systemd.status ?? "", /^no pings: exabgp-silent; 1 of 1 service announced;/);
    exabgp.child.stdout.resume();
    await systemd.waitForPings(2);
    await exabgp.waitForStatus("no problem", ({ problems }) => problems.length === 0);

    exabgp.child.kill("SIGSTOP");
    // One may be on its way already.
    await sleep(WATCHDOG_MS);
    const stopped = systemd.pings;
    await sleep(QUIET_MS);
    assert.equal(systemd.pings, stopped);
    exabgp.child.kill("SIGCONT");
    await systemd.waitForPings(2);
    assert.deepEqual(exabgp.commands, ["announce route 192.0.2.0/24 next-hop self"]);
    assert.deepEqual(
      site.audit().map(({ to }) => to),
      ["up"],
    );
  });

  it("without a watchdog asks ExaBGP nothing more, and leaves what it runs no word of systemd", async (t) => {
    const { systemd, site, start: run } = await start(t, 0);
    const found = join(site.folder, "env");
    site.writeConfig(`services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
    checks:
      env: { type: exec, command: [/bin/sh, -c, "env >${found}.new; mv ${found}.new ${found}"], interval: 100ms, timeout: 100ms }
`);
    const exabgp = run();
    await waitUntil("READY", () => systemd.isReady || undefined);
    await waitUntil("the environment", () => existsSync(found) || undefined);
    assert.doesNotMatch(readFileSync(found, "utf8"), /NOTIFY_SOCKET|WATCHDOG/);
    await sleep(WATCHDOG_MS);
    const lines = exabgp.stdout.toString("latin1").split("\n");
    assert.equal(lines.filter((line) => line === "system version").length, 1);
    assert.equal(systemd.pings, 0);
  });

  it("with a configuration that nobody can use is ready, pings, and says what is amiss", async (t) => {
    const { systemd, site, start: run } = await start(t);
    site.writeConfig("services: {}\n");
    run();
    await waitUntil("READY", () => systemd.isReady || undefined);
    await systemd.waitForPings(3);
    assert.equal(
      systemd.status,
      "no usable configuration; 0 of 0 services announced; ExaBGP 4.2.21, no session known",
    );
  });
});
