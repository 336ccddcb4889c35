/** Attributes of other states in the whole agent as a process: what it writes for ExaBGP. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { it } from "node:test";
import { createSite, ScriptedExabgp, webConfig } from "./scripted-exabgp.ts";

it("a service with `when.down` stays announced with other attributes, and a drain withdraws just those", async (t) => {
  const site = await createSite(t);
  const when = `announce: { med: 100, communities: ["64496:1"] }
    when: { down: { med: 4000, communities: [no-export] } }
    scope:`;
  site.writeConfig(webConfig(site.port).replace("scope:", when));
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  site.service.close();
  await exabgp.waitForCommands(2);
  site.service.listen(site.port, "127.0.0.1");
  await once(site.service, "listening");
  await exabgp.waitForCommands(3);
  site.service.close();
  await exabgp.waitForCommands(4);
  site.drain("web", "");
  await exabgp.waitForCommands(5);
  const up = "announce route 192.0.2.0/24 next-hop self med 100 community [ 64496:1 ]";
  const attributes = "192.0.2.0/24 next-hop self med 4000 community [ 64496:1 65535:65281 ]";
  assert.deepEqual(exabgp.commands, [
    up,
    `announce route ${attributes}`,
    up,
    `announce route ${attributes}`,
    `withdraw route ${attributes}`,
  ]);
});
