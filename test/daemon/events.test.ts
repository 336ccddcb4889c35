/** What a reader of `GET /v1/events` hears of a real agent: the records, as they are on disk, and what leads to them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { it } from "node:test";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, type Site } from "./scripted-exabgp.ts";

const HOSTILE = "x\n\nevent: config\ndata: {}\n\n\u001b[2J\u2028\u202e\u009b";

interface Heard {
  readonly id: number | undefined;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

async function listen({ folder }: Site, headers: Readonly<Record<string, string>> = {}) {
  const socketPath = join(folder, "agent.sock");
  const asked = get({ socketPath, path: "/v1/events", agent: false, headers });
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  response.on("error", () => {});
  await waitUntil("the first words", () => text.includes("retry") || undefined);
  const events = () => eventsOf(text);
  return {
    response,
    events,
    text: () => text,
    waitFor: (what: string, fits: (event: Heard) => boolean) =>
      waitUntil(what, () => events().find(fits), { hint: text }),
  };
}

/** As a browser reads them: blocks between empty lines. */
function eventsOf(text: string): Heard[] {
  return text.split("\n\n").flatMap((block): Heard[] => {
    const fields = new Map(
      block.split("\n").map((line): [string, string] => {
        const [name = "", ...value] = line.split(": ");
        return [name, value.join(": ")];
      }),
    );
    const name = fields.get("event");
    if (name === undefined) return [];
    const id = fields.get("id");
    const data = Object(JSON.parse(fields.get("data") ?? ""));
    return [{ id: id === undefined ? undefined : Number(id), name, data }];
  });
}

const isTransition =
  (to: string) =>
  ({ name, data }: Heard) =>
    name === "transition" && data["to"] === to;

function sessionLine(state: "up" | "down"): string {
  const address = { local: "127.0.0.1", peer: "127.0.0.2" };
  const asn = { local: 65_001, peer: 65_002 };
  const neighbor = { address, asn, state, ...(state === "down" && { reason: HOSTILE }) };
  return `${JSON.stringify({ exabgp: "4.0.1", type: "state", neighbor })}\n`;
}

it("a decision of the agent reaches its readers as it is in audit.jsonl, and so does its end", async (t) => {
  const site = await createSite(t);
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  const reader = await listen(site);
  exabgp.child.stdin.write(sessionLine("up") + sessionLine("down"));
  site.drain("web", JSON.stringify({ reason: HOSTILE }));
  const drained = await reader.waitFor("the drain", isTransition("drained"));
  assert.equal(drained.data["note"], HOSTILE);
  assert.deepEqual(drained.data["commands"], exabgp.commands.slice(1));
  site.service.close();
  const verdict = await reader.waitFor("the verdict", ({ name }) => name === "verdict");
  assert.deepEqual(
    [verdict.data["check"], verdict.data["from"], verdict.data["to"], verdict.data["outcome"]],
    ["web/port", "up", "down", "fail"],
  );
  const session = await reader.waitFor("the session", ({ data }) => data["state"] === "down");
  assert.deepEqual([session.name, session.data["neighbor"]], ["session", "127.0.0.2"]);

  // One that comes late, and knows what was before.
  const late = await listen(site, { "last-event-id": "1" });
  await late.waitFor("the drain", isTransition("drained"));

  exabgp.child.kill("SIGTERM");
  assert.equal((await exabgp.exit()).status, 0);
  await reader.waitFor("the end", isTransition("stopping"));
  const { response, events, text } = reader;
  assert.ok(response.complete);
  assert.match(text(), /^[\x20-\x7e\n]+$/);
  const records = site.audit();
  const transitions = events().filter(({ name }) => name === "transition");
  assert.deepEqual(
    transitions.map(({ data }) => data),
    records.filter((record) => record.seq > 1 && record.neighbor === undefined),
  );
  assert.ok(transitions.every(({ id, data }) => id === data["seq"]));
  assert.deepEqual(
    records.map(({ seq }) => seq),
    records.map((_, at) => at + 1),
  );
  assert.deepEqual(
    late.events().filter(({ name }) => name === "missed"),
    [],
  );
});
