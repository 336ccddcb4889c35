/** The whole agent beside a real systemd, and with programs of its own. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { missingForSystemd, startSystemd } from "../checks/systemd-host.ts";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";

/** Serves on for 3 s when it is told to stop. */
const UNITS = {
  "web.service": "[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/sleep 3\n",
  "quick.service":
    "[Service]\nExecStartPre=/bin/sleep 0.1\nExecStart=/bin/sleep 1000\nExecStopPost=/bin/sleep 0.1\n",
};

const HEAD = `services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
`;

describe("the agent", () => {
  const skip = missingForSystemd() ?? false;
  it("withdraws while a unit is still stopping, long before its next poll", { skip }, async (t) => {
    const host = await startSystemd(t, UNITS);
    await host.manager("StartUnit", "ss", "web.service", "replace");
    const site = await createSite(t);
    const timing = "interval: 1h, timeout: 1s, fast-interval: 20ms, rise: 1, fall: 3";
    site.writeConfig(
      `${HEAD}    checks: { unit: { type: systemd, unit: web.service, ${timing} } }\n`,
    );
    const exabgp = new ScriptedExabgp(site, [], { env: { DBUS_SYSTEM_BUS_ADDRESS: host.address } });
    await exabgp.waitForCommands(1);
    await host.manager("StopUnit", "ss", "web.service", "replace");
    const commands = await exabgp.waitForCommands(2);
    assert.match(commands[1] ?? "", /^withdraw route 192\.0\.2\.0\/24 /);
    assert.match(await host.state("web.service"), /"deactivating"/);
    assert.match(exabgp.stderr, /"word":"unit-changed","detail":"deactivating \(stop\)"/);
    const record = await waitUntil("its record", () =>
      site.audit().find(({ to }) => to === "down"),
    );
    assert.equal(record.evidence, "not-active: deactivating (stop)");
  });

  it(
    "withdraws nothing when a unit is restarted, which tells of each state",
    { skip },
    async (t) => {
      const host = await startSystemd(t, UNITS);
      await host.manager("StartUnit", "ss", "quick.service", "replace");
      const site = await createSite(t);
      const timing = "interval: 1h, timeout: 1s, fast-interval: 1s, rise: 1, fall: 3";
      site.writeConfig(
        `${HEAD}    checks: { unit: { type: systemd, unit: quick.service, ${timing} } }
`,
      );
      const exabgp = new ScriptedExabgp(site, [], {
        env: { DBUS_SYSTEM_BUS_ADDRESS: host.address },
      });
      await exabgp.waitForCommands(1);
      await host.manager("RestartUnit", "ss", "quick.service", "replace");
      await exabgp.waitForStatus("the event to be settled", ({ services }) => {
        const { event } = services[0]?.checks[0] ?? {};
        return event?.settled === true && event.detail === "active (running)";
      });
      const told = exabgp.stderr.match(/"msg":"check failed"/g) ?? [];
      assert.ok(told.length >= 1, "it was never seen down");
      assert.deepEqual(exabgp.commands.slice(1), []);
    },
  );

  it("ends its programs when it ends", async (t) => {
    const site = await createSite(t);
    const marked = `2000.${process.pid}`;
    const exec = `{ type: exec, command: [/bin/sh, -c, "echo withdraw route; sleep ${marked} & sleep ${marked}"], timeout: 1s }`;
    site.writeConfig(`${HEAD}    checks: { program: ${exec} }\n`);
    const exabgp = new ScriptedExabgp(site);
    await waitUntil("its program", () => running(marked).length === 2 || undefined);
    exabgp.child.kill("SIGTERM");
    await exabgp.exit();
    await waitUntil("the end of its program", () => running(marked).length === 0 || undefined);
    assert.doesNotMatch(exabgp.stdout.toString("latin1"), /withdraw/);
  });
});

function running(marked: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1") === `sleep\0${marked}\0`;
    } catch {
      return false;
    }
  });
}
