/** The whole agent under a systemd that waits for pings, with a scripted ExaBGP above it. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";
import { SystemdListener } from "./systemd-listener.ts";

/** So short that a test need not wait for long: a ping every 500 ms. */
const WATCHDOG_US = "1500000";

async function start(t: TestContext) {
  const systemd = await SystemdListener.start(t);
  const site = await createSite(t);
  const env = { NOTIFY_SOCKET: systemd.socket, WATCHDOG_PID: "1", WATCHDOG_USEC: WATCHDOG_US };
  const exabgp = new ScriptedExabgp(site, [], { env });
  return { systemd, site, exabgp };
}

describe("the agent tells systemd", () => {
  it("that it is ready, how it is, and that all is well", async (t) => {
    const { systemd, exabgp } = await start(t);
    await waitUntil("READY", () => systemd.isReady || undefined);
    await waitUntil("the status", () => systemd.status?.startsWith("1 of 1 ") || undefined);
    assert.equal(systemd.status, "1 of 1 service announced; ExaBGP 4.2.21, no session known");
    await systemd.waitForPings(3);
    assert.equal(exabgp.child.exitCode, null);
  });
});
