/** Holds of the whole agent: what it finds in state-dir, what operators order, a disk that is in the way. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, webConfig, type Site } from "./scripted-exabgp.ts";

const HOLD = "hold: { flaps: 1, within: 1h, for: 1h }";

async function heldSite(t: TestContext): Promise<Site> {
  const site = await createSite(t);
  site.writeConfig(webConfig(site.port).replace("    checks:", `    ${HOLD}\n    checks:`));
  return site;
}

/** What an agent left that died a second after it had withdrawn the prefix. */
function leaveFlap({ stateDir }: Site): void {
  const flaps = { "192.0.2.0/24": [[new Date(Date.now() - 1000).toISOString()]] };
  writeFileSync(join(stateDir, "holds.json"), JSON.stringify({ flaps }));
}

function flapsOf({ stateDir }: Site): unknown {
  return (JSON.parse(readFileSync(join(stateDir, "holds.json"), "utf8")) as { flaps: unknown })
    .flaps;
}

describe("a hold", () => {
  it("that an earlier life began goes on, with its end in status, why and record", async (t) => {
    const site = await heldSite(t);
    leaveFlap(site);
    const exabgp = new ScriptedExabgp(site);
    const { services } = await exabgp.waitForStatus("a hold", (status) =>
      status.services.some(({ state }) => state === "held"),
    );
    const endMs = Date.parse(services[0]?.heldUntil ?? "");
    assert.ok(Math.abs(endMs - Date.now() - 3_600_000) < 60_000, services[0]?.heldUntil);
    assert.equal(services[0]?.withdrawals, 1);
    const record = await waitUntil("the record", () =>
      site.audit().find(({ to }) => to === "held"),
    );
    assert.equal(record.reason, "flapping");
    assert.ok(Math.abs(Date.parse(record.until ?? "") - endMs) < 50, record.until);
    assert.ok(!exabgp.commands.some((line) => line.startsWith("announce")));
  });

  it("ends by an order that was given while no agent ran, and the order is taken away", async (t) => {
    const site = await heldSite(t);
    leaveFlap(site);
    site.drain("web", JSON.stringify({ undrain: true, clearHold: true, reason: "mended" }));
    const exabgp = new ScriptedExabgp(site);
    await waitUntil(
      "the announcement",
      () => exabgp.commands.some((line) => line.startsWith("announce")) || undefined,
    );
    assert.deepEqual(readdirSync(join(site.stateDir, "drains")), []);
    await waitUntil("an empty file", () => JSON.stringify(flapsOf(site)) === "{}" || undefined);
    const cleared = site.audit().find(({ reason }) => reason === "hold-cleared");
    assert.equal(cleared?.note, "mended");
    assert.match(cleared?.actor ?? "", /^uid:/);
  });

  it("begins although the disk is full, and no withdrawal waits for it", async (t) => {
    const site = await heldSite(t);
    mkdirSync(join(site.stateDir, "holds.json.new"));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    site.service.close();
    const commands = await exabgp.waitForCommands(2);
    assert.match(commands[1] ?? "", /^withdraw /);
    const { problems } = await exabgp.waitForStatus("a problem", (s) => s.problems.length > 0);
    assert.deepEqual(
      problems.map(({ word }) => word),
      ["holds-file"],
    );
    site.service.listen(site.port, "127.0.0.1");
    await exabgp.waitForStatus("a hold", (status) => status.services[0]?.state === "held");
  });
});
