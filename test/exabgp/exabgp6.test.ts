/** A whole bridge over pipes against a process that speaks as 6.0 does: nobody ships 6.0, and nothing here proves it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Order, Report } from "./child.ts";
import { Children, type Child } from "./children.ts";

const PROGRAM = fileURLToPath(new URL("exabgp6.js", import.meta.url));
const CHILD = fileURLToPath(new URL("child.js", import.meta.url));
const A = { prefix: "192.0.2.0/24", nextHop: "self", med: 100, communities: ["65535:0"] };
const A6 = { prefix: "2001:db8::/48", nextHop: "2001:db8::1" };

async function started(
  context: TestContext,
  mode: "bridge" | "relay",
): Promise<{ child: Child; order: (word: "lose" | "up") => Promise<unknown> }> {
  const folder = mkdtempSync(join(tmpdir(), "exabgp6-"));
  const children = await Children.listen(join(folder, "socket"));
  const args = [PROGRAM, process.execPath, CHILD, mode, join(folder, "socket")];
  const program = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  program.stdin.on("error", () => {});
  const ended = once(program, "exit");
  context.after(async () => {
    program.stdin.end();
    await ended;
    children.close();
    rmSync(folder, { recursive: true });
  });
  const failed = ended.then(() => {
    throw new Error("The fixture has ended");
  });
  failed.catch(() => {});
  const child = await children.next(failed);
  const order = (word: string): Promise<unknown> => {
    program.stdin.write(`${word}\n`);
    return once(program.stdout, "data");
  };
  return { child, order };
}

function send(child: Child, order: Order): void {
  child.send(`${JSON.stringify(order)}\n`);
}

async function report(child: Child): Promise<Report> {
  // The child is the only one that writes here.
  return JSON.parse(await child.line()) as Report;
}

async function outcome(child: Child): Promise<string> {
  const told = await report(child);
  assert.ok(told.kind === "settled", JSON.stringify(told));
  return `${told.settlement.line} ${told.settlement.outcome}`;
}

test("the fixture says what 6.0 was seen to say", async (context) => {
  const { child } = await started(context, "relay");
  const asked: readonly (readonly [string, string[]])[] = [
    [" # ab12", ["done"]],
    ["system version", ['{ "version": "6.0.0-20260822", "application": "exabgp" }', "done"]],
    ["announce route 192.0.2.0/24 next-hop self", ["error"]],
    ["neighbor 127.0.0.2 announce route 192.0.2.0/24 next-hop self", ["error"]],
    ["peer * announce route 192.0.2.0/24 next-hop self", ["done"]],
    ["peer * withdraw route 203.0.113.0/24 next-hop self", ["done"]],
    ["peer * announce route nonsense", ["error: could not parse the command", "error"]],
    ["peer show summary", ['[{"peer-address":"127.0.0.2"},{"peer-address":"127.0.0.3"}]', "done"]],
  ];
  for (const [question, answer] of asked) {
    child.send(`${question}\n`);
    assert.deepEqual(await child.lines(answer.length), answer, question);
  }
});

test("a bridge announces, lists and withdraws on what speaks as 6.0", async (context) => {
  const { child, order } = await started(context, "bridge");
  const ready = await report(child);
  assert.ok(ready.kind === "ready" && ready.dialect === 6, JSON.stringify(ready));
  send(child, { id: 1, verb: "announce", route: A });
  const line = "route 192.0.2.0/24 next-hop self med 100 community [ 65535:0 ]";
  assert.equal(await outcome(child), `peer * announce ${line} done`);
  send(child, { id: 2, verb: "announce", route: A6 });
  assert.match(await outcome(child), / done$/);
  send(child, { id: 3, verb: "list" });
  const told = await report(child);
  assert.ok(told.kind === "listing", JSON.stringify(told));
  assert.equal(told.listing.outcome, "done");
  assert.equal(told.listing.tellsAttributes, false);
  assert.deepEqual(
    told.listing.routes.map(({ neighbor, prefix, route }) => [neighbor, prefix, route]),
    ["127.0.0.2", "127.0.0.3"].flatMap((neighbor) =>
      [A.prefix, A6.prefix].map((prefix) => [neighbor, prefix, undefined]),
    ),
  );
  send(child, { id: 4, verb: "withdraw", route: A });
  assert.equal(await outcome(child), `peer * withdraw ${line} done`);
  send(child, { id: 5, verb: "sessions" });
  // Answered in order: so it tells sessions now.
  send(child, { id: 6, verb: "list" });
  assert.equal((await report(child)).kind, "listing");
  await order("up");
  const session = await report(child);
  assert.ok(session.kind === "session", JSON.stringify(session));
  assert.deepEqual([session.event.neighbor, session.event.state], ["127.0.0.2", "up"]);
});

test("an answer that is lost is a timeout, and the bridge is itself again", async (context) => {
  const { child, order } = await started(context, "bridge");
  assert.equal((await report(child)).kind, "ready");
  await order("lose");
  for (let id = 0; id < 3; id += 1) {
    send(child, { id, verb: "announce", route: { ...A, prefix: `10.0.${id}.0/24` } });
  }
  const outcomes: string[] = [];
  while (outcomes.length < 3) {
    const told = await report(child);
    if (told.kind === "settled") outcomes.push(told.settlement.outcome);
    else assert.deepEqual(told, { kind: "problem", word: "answer-timeout" });
  }
  assert.deepEqual(outcomes, ["done", "done", "timeout"]);
  send(child, { id: 3, verb: "announce", route: A });
  assert.match(await outcome(child), / done$/);
  send(child, { id: 4, verb: "list" });
  const told = await report(child);
  assert.ok(told.kind === "listing" && told.listing.outcome === "done", JSON.stringify(told));
  assert.equal(told.listing.routes.length, 2 * 4);
});
