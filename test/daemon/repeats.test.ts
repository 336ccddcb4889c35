/** What is written down of commands that are repeated. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";

it("a withdrawal that ExaBGP refuses first is in the records when it is accepted", async (t) => {
  const site = await createSite(t);
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  exabgp.answer = () => "error\n";
  site.drain("web", JSON.stringify({ reason: "CHG-1" }));
  await exabgp.waitForCommands(3);
  exabgp.answer = () => "done\n";
  const repeated = await waitUntil("the record", () =>
    site.audit().find(({ reason }) => reason === "repeated"),
  );
  const { service, commands, ack, prefixes, actor } = repeated;
  assert.deepEqual(
    { service, commands, ack, prefixes, actor },
    {
      service: "web",
      commands: exabgp.commands.slice(-1),
      ack: "done",
      prefixes: ["192.0.2.0/24"],
      actor: "agent",
    },
  );
  const drained = site.audit().filter(({ to }) => to === "drained");
  assert.deepEqual(
    drained.map((record) => record.ack),
    ["error"],
  );
});
