/** A real systemd, on a real bus. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { attempt } from "../../checks/attempt.ts";
import { createProbeContext, type ProbeContext } from "../../checks/context.ts";
import type { Result } from "../../checks/probe.ts";
import { CheckSchema, createListen, createProbe } from "../../checks/registry.ts";
import { systemTimers } from "../../checks/timers.ts";
import { HANG_MS, PATIENCE_MS, until } from "./probing.ts";
import { eventually, missingForSystemd, startSystemd } from "./systemd-host.ts";

const UNITS = {
  // Serves on for a while after it was told to stop, as a server that drains does.
  "slow-stop.service": `[Service]
ExecStart=/bin/sleep 1000
ExecStop=/bin/sleep 1
`,
  "odd@.service": `[Service]
ExecStart=/bin/sleep 1000
`,
  "failing.service": `[Service]
Type=oneshot
ExecStart=/bin/false
`,
};

async function judge(unit: string, context: ProbeContext, keys = {}): Promise<Result> {
  const probe = createProbe(CheckSchema.parse({ type: "systemd", unit, ...keys }), context);
  return (await attempt(probe, PATIENCE_MS, systemTimers)).result;
}

async function shown(unit: string, context: ProbeContext, keys = {}): Promise<string> {
  const { outcome, reason, detail } = await judge(unit, context, keys);
  return `${outcome} ${reason}: ${detail}`;
}

const skip = missingForSystemd() ?? false;

describe("systemd", { timeout: 2 * HANG_MS, skip }, () => {
  test("judges units, hears them stop ahead of their death, and outlives a reload and its bus", async (t) => {
    const host = await startSystemd(t, UNITS);
    const context = createProbeContext({ systemBus: host.address });
    const heard: string[] = [];
    const spec = CheckSchema.parse({ type: "systemd", unit: "slow-stop.service" });
    const listener = createListen(
      spec,
      context,
    )?.((word, detail) => heard.push(`${word} ${detail}`));
    t.after(() => listener?.close());
    await until(() => listener?.isListening === true);

    assert.equal(await shown("slow-stop.service", context), "fail not-active: inactive (dead)");
    const none = "fail not-active: inactive (dead), not-found";
    assert.equal(await shown("none.service", context), none);
    await host.manager("StartUnit", "ss", "slow-stop.service", "replace");
    await until(() => heard.length > 0);
    assert.deepEqual(heard.splice(0), ["unit-changed active (running)"]);
    assert.equal(await shown("slow-stop.service", context), "pass passed: active (running)");

    // A name that must be escaped in a path.
    const odd = String.raw`odd@a-b:c.d_\x2f.service`;
    await host.manager("StartUnit", "ss", odd, "replace");
    assert.equal(await shown(odd, context), "pass passed: active (running)");
    await host.manager("StartUnit", "ss", "failing.service", "replace");
    await eventually(async () =>
      assert.equal(await shown("failing.service", context), "fail not-active: failed (failed)"),
    );
    assert.equal(
      await shown("failing.service", context, { states: ["failed"] }),
      "pass passed: failed (failed)",
    );

    // It still serves when it is heard and judged to be stopping.
    await host.manager("StopUnit", "ss", "slow-stop.service", "replace");
    await until(() => heard.length > 0);
    assert.equal(heard[0], "unit-changed deactivating (stop)");
    const stopping = "fail not-active: deactivating (stop)";
    assert.equal(await shown("slow-stop.service", context), stopping);
    await until(() => heard.includes("unit-changed inactive (dead)"));
    heard.splice(0);

    await host.manager("StartUnit", "ss", "slow-stop.service", "replace");
    await until(() => heard.length > 0);
    assert.deepEqual(heard.splice(0), ["unit-changed active (running)"]);

    await host.manager("Reload");
    assert.equal(await shown("slow-stop.service", context), "pass passed: active (running)");
    heard.splice(0);
    await host.manager("RestartUnit", "ss", "slow-stop.service", "replace");
    await until(() => heard.length >= 2);
    assert.equal(heard[0], "unit-changed deactivating (stop)");

    // The bus answers nothing about its own end.
    void host.manager("RestartUnit", "ss", "dbus.service", "replace").catch(() => "");
    await until(() => listener?.isListening === false);
    assert.match(await shown("slow-stop.service", context), /^inconclusive bus-failed: /);
    await until(() => listener?.isListening === true);
    const reached = await judge("slow-stop.service", context);
    assert.equal(reached.outcome, "pass", reached.detail);

    // Where nobody can tell, nobody says that the service has failed.
    const results: Result[] = [];
    const polls = (async () => {
      while (results.at(-1)?.outcome !== "inconclusive") {
        results.push(await judge("slow-stop.service", context));
      }
    })();
    await host.stop();
    await polls;
    for (const { outcome } of results) assert.notEqual(outcome, "fail");
  });
});
