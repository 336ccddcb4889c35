/** systemd's watchdog is pinged through a real ExaBGP, and not while that stands still. Needs root. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SystemdListener } from "../daemon/systemd-listener.ts";
import { createMiniLab } from "../lab/mini-lab.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import { PATIENCE, updates, waitForRoutes, waitForStatus } from "./fixtures.ts";

/** A ping every 400 ms: the rhythm is that of the questions, not that of a real unit. */
const WATCHDOG_MS = 1200;

test("pings come while ExaBGP runs, end while it is stopped, and cost no UPDATE", async (t) => {
  const systemd = await SystemdListener.start(t);
  // For ExaBGP's user; systemd's own socket is for everybody too.
  chmodSync(dirname(systemd.socket), 0o755);
  const mini = await createMiniLab({
    exabgpEnv: { NOTIFY_SOCKET: systemd.socket, WATCHDOG_USEC: `${WATCHDOG_MS * 1000}` },
  });
  t.after(() => mini.remove());
  await waitForRoutes(mini);
  const { exabgp } = mini.pop;
  const version = await exabgp.version();
  const well = `1 of 1 service announced; ExaBGP ${version}, 2 of 2 sessions up`;
  await waitUntil("the status", () => systemd.status === well || undefined, PATIENCE);
  assert.ok(systemd.isReady);
  const sinceMs = wallClockMs();
  await systemd.waitForPings(5);

  exabgp.signal("SIGSTOP");
  await waitForStatus(mini.pop, "the problem", ({ problems }) =>
    problems.some(({ word }) => word === "watchdog"),
  );
  const pings = systemd.pings;
  await sleep(3 * WATCHDOG_MS);
  assert.equal(systemd.pings, pings);
  exabgp.signal("SIGCONT");
  await systemd.waitForPings(3);
  await waitUntil("the status", () => systemd.status === well || undefined, PATIENCE);
  assert.deepEqual(updates(mini, sinceMs), []);
});
