import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { createSite, ScriptedExabgp, webConfig, type Site } from "./scripted-exabgp.ts";

const LISTING = "show adj-rib out extensive";
const ROUTE =
  "neighbor 127.0.0.2 local-ip 127.0.0.1 local-as 64496 peer-as 64497 router-id 127.0.0.1 family-allowed in-open ipv4 unicast 192.0.2.0/24 next-hop self";

/** A life of the agent that has announced the prefix, and was killed. */
async function siteOfTheDead(context: TestContext): Promise<Site> {
  const site = await createSite(context);
  site.writeConfig(`exabgp: { ack-timeout: 300ms }\n${webConfig(site.port)}`);
  const first = new ScriptedExabgp(site);
  await first.waitForStatus("the route", (status) =>
    status.services.some(({ routes }) => routes[0]?.answer === "done"),
  );
  first.child.kill("SIGKILL");
  await first.exit();
  return site;
}

function isUp(exabgp: ScriptedExabgp) {
  return exabgp.waitForStatus("the service to be up", (status) =>
    status.services.some(({ state }) => state === "up"),
  );
}

describe("an agent under an ExaBGP that an earlier life spoke to", () => {
  it("writes its greeting and questions, and no command, when ExaBGP holds what is wanted", async (t) => {
    const site = await siteOfTheDead(t);
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = (line) => (line === LISTING ? `${ROUTE}\ndone\n` : "done\n");
    const status = await isUp(exabgp);
    assert.deepEqual(status.services[0]?.routes[0]?.told, "announced");
    const lines = exabgp.stdout.toString("latin1").split("\n").slice(0, -1);
    assert.match(lines[0] ?? "", /^ # [0-9a-f-]+$/);
    const questions = new Set([
      "system version",
      "show neighbor summary",
      "show neighbor configuration",
      LISTING,
    ]);
    assert.deepEqual(
      lines.slice(1).filter((line) => !questions.has(line)),
      [],
    );
    assert.ok(lines.includes(LISTING));
  });

  it("announces once when ExaBGP holds other attributes", async (t) => {
    const site = await siteOfTheDead(t);
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = (line) => (line === LISTING ? `${ROUTE} med 5\ndone\n` : "done\n");
    assert.deepEqual(await exabgp.waitForCommands(1), [
      "announce route 192.0.2.0/24 next-hop self",
    ]);
  });

  it("withdraws with the attributes that ExaBGP lists what nobody wants", async (t) => {
    const site = await siteOfTheDead(t);
    site.writeConfig(webConfig(site.port));
    site.service.close();
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = (line) => (line === LISTING ? `${ROUTE} med 5\ndone\n` : "done\n");
    assert.deepEqual(await exabgp.waitForCommands(1), [
      "withdraw route 192.0.2.0/24 next-hop self med 5",
    ]);
  });

  for (const [what, answer] of [
    ["refuses to say", "error\n"],
    ["does not say", undefined],
  ] as const) {
    it(`goes on by owned.json when ExaBGP ${what} what it holds`, async (t) => {
      const site = await siteOfTheDead(t);
      const exabgp = new ScriptedExabgp(site);
      exabgp.answer = (line) => (line === LISTING ? answer : "done\n");
      assert.deepEqual(await exabgp.waitForCommands(1), [
        "announce route 192.0.2.0/24 next-hop self",
      ]);
      assert.match(exabgp.stderr, /exabgp does not say what it holds/);
    });
  }
});
