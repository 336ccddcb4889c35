/** Maintenance windows in the whole agent as a process: what it writes for ExaBGP, and what it records. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, webConfig } from "./scripted-exabgp.ts";

/** A window that began two minutes ago. */
function openWindow(): { text: string; until: string } {
  const start = new Date(Math.floor(Date.now() / 60_000 - 2) * 60_000);
  const cron = `${start.getUTCMinutes()} ${start.getUTCHours()} * * *`;
  const text = `maintenance:\n  - { services: [web], cron: "${cron}", for: 1h, reason: "CHG-7\\nkernel" }\n`;
  return { text, until: new Date(start.getTime() + 3_600_000).toISOString() };
}

it("a window that is open when the agent starts keeps it from announcing; reloads end and add it", async (t) => {
  const site = await createSite(t);
  const staged = webConfig(site.port).replace("scope:", "drain-delay: 500ms\n    scope:");
  const { text, until } = openWindow();
  site.writeConfig(staged + text);
  const exabgp = new ScriptedExabgp(site);

  // It knows that the service is healthy, and leaves it out.
  const drained = await exabgp.waitForStatus("a verdict", ({ services }) =>
    services.some(({ checks }) => checks.every(({ verdict }) => verdict === "up")),
  );
  assert.deepEqual(
    drained.services.map(({ state, reason }) => [state, reason]),
    [["drained", "maintenance-window"]],
  );
  assert.deepEqual(
    drained.drains.map((drain) => [drain.service, drain.by, drain.reason, drain.until]),
    [["web", "schedule", "CHG-7\nkernel", until]],
  );
  assert.ok(!exabgp.commands.some((line) => line.startsWith("announce")));

  const before = exabgp.commands.length;
  site.writeConfig(staged);
  exabgp.child.kill("SIGHUP");
  await exabgp.waitForCommands(before + 1);

  site.writeConfig(staged + text);
  exabgp.child.kill("SIGHUP");
  await exabgp.waitForCommands(before + 3);
  assert.deepEqual(exabgp.commands.slice(before), [
    "announce route 192.0.2.0/24 next-hop self",
    "announce route 192.0.2.0/24 next-hop self community [ 65535:0 ]",
    "withdraw route 192.0.2.0/24 next-hop self community [ 65535:0 ]",
  ]);
  const records = await waitUntil("the last record", () => {
    const all = site.audit();
    return all.at(-1)?.to === "drained" && all.length > 3 ? all : undefined;
  });
  assert.deepEqual(
    records
      // A reload is a record too.
      .filter(({ to }) => to !== undefined)
      .map(({ from, to, reason, actor, note = "" }) => [from, to, reason, actor, note])
      .slice(-4),
    [
      ["drained", "starting", "check-unknown", "schedule", "CHG-7\nkernel"],
      ["starting", "up", "all-checks-up", "agent", ""],
      ["up", "draining", "maintenance-window", "schedule", "CHG-7\nkernel"],
      ["draining", "drained", "maintenance-window", "schedule", "CHG-7\nkernel"],
    ],
  );
});
