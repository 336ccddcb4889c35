/** What the agent relies on, asked of the ExaBGP that the tests run with (see version.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeAnnounce, encodeWithdraw } from "exabgp-ts-bridge";
import type { Route } from "exabgp-ts-bridge";
import type { Order, Report } from "./child.ts";
import type { Child } from "./children.ts";
import { RealExabgp } from "./real-exabgp.ts";
import { isBefore, VERSION } from "./version.ts";

const A: Route = { prefix: "192.0.2.0/24", nextHop: "self" };
const ROUTES_QUESTION = "show adj-rib out extensive";
const SESSIONS_QUESTION = "show neighbor summary";
/** What is listed for `next-hop self` without a session. */
const SELF = isBefore("4.2.25") ? "self" : "127.0.0.1";
const HEADER = "Peer            AS        up/down state       |     #sent     #recvd";
const DOWN = "127.0.0.2       64497        down idle                  0          0";

function numbered(index: number): Route {
  return { prefix: `10.${index >> 8}.${index & 255}.0/24`, nextHop: "self" };
}

/** The routes in ExaBGP's RIB, without the description of the neighbor. */
async function routesOf(child: Child): Promise<string[]> {
  const lines = await child.ask(ROUTES_QUESTION);
  return lines.map((line) => line.replace(/^.* (?:unicast|multicast) /, ""));
}

test("`system version` tells the version, then done", async (context) => {
  const exabgp = await RealExabgp.start(context, "relay");
  const child = await exabgp.child();
  child.send(" # ab12\nsystem version\n");
  const [comment, version, done] = await child.lines(3);
  assert.deepEqual([comment, done], ["done", "done"]);
  assert.equal(version, `exabgp ${VERSION}`);
});

test("`system version` is answered before what is written behind it", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  child.send(`system version\n${encodeWithdraw(A)}\n`);
  assert.deepEqual(await child.lines(3), [`exabgp ${VERSION}`, "done", "done"]);
});

test("a child has the environment of ExaBGP, with what systemd has put into it", async (context) => {
  const settings = { NOTIFY_SOCKET: "@nowhere", WATCHDOG_USEC: "10000000", WATCHDOG_PID: "1" };
  const exabgp = await RealExabgp.start(context, "relay", undefined, settings);
  await exabgp.child();
  const env = exabgp.environmentOfChild();
  for (const [name, value] of Object.entries(settings)) assert.equal(env.get(name), value);
});

test("announce and withdraw are done while the session is down, and the RIB holds the route", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  assert.deepEqual(await child.ask(encodeAnnounce(A)), []);
  assert.deepEqual(await routesOf(child), [`192.0.2.0/24 next-hop ${SELF}`]);
  assert.deepEqual(await child.ask(encodeWithdraw(A)), []);
  assert.deepEqual(await routesOf(child), []);
  assert.deepEqual(await child.ask(encodeWithdraw(numbered(1))), []);
});

const attributes: { route: Route; shown: string }[] = [
  { route: { ...A, origin: "igp" }, shown: "origin igp" },
  { route: { ...A, origin: "egp" }, shown: "origin egp" },
  { route: { ...A, origin: "incomplete" }, shown: "origin incomplete" },
  { route: { ...A, nextHop: "198.51.100.1" }, shown: "next-hop 198.51.100.1" },
  {
    route: { prefix: "2001:db8::/48", nextHop: "2001:db8::1" },
    shown: "2001:db8::/48 next-hop 2001:db8::1",
  },
  { route: { ...A, med: 0 }, shown: "med 0" },
  { route: { ...A, med: 4_294_967_295 }, shown: "med 4294967295" },
  { route: { ...A, localPreference: 4_294_967_295 }, shown: "local-preference 4294967295" },
  {
    route: { ...A, asPath: [64_496, 64_496, 4_200_000_000] },
    // 5.0 prints a sequence as 4.2 prints a set.
    shown: isBefore("5.0")
      ? "as-path [ 64496 64496 4200000000 ]"
      : "as-path ( 64496 64496 4200000000 )",
  },
  {
    route: { ...A, communities: ["64496:100", "65535:0"] },
    shown: "community [ 64496:100 65535:0 ]",
  },
  {
    route: { ...A, largeCommunities: ["4294967295:1:2"] },
    shown: "large-community 4294967295:1:2",
  },
  {
    route: { ...A, extendedCommunities: ["target:64496:7"] },
    shown: "extended-community target:64496:7",
  },
  {
    route: { ...A, extendedCommunities: ["origin:64496:7"] },
    shown: "extended-community origin:64496:0.0.0.7",
  },
  {
    route: { ...A, extendedCommunities: ["target:4200000000:7"] },
    shown: `extended-community target:4200000000${isBefore("5.0") ? "L" : ""}:7`,
  },
  {
    route: { ...A, extendedCommunities: ["target:192.0.2.1:7"] },
    shown: "extended-community target:192.0.2.1:7",
  },
];

test("every attribute of the grammar is taken as it was meant", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  for (const { route, shown } of attributes) {
    assert.deepEqual(await child.ask(encodeAnnounce(route)), [], encodeAnnounce(route));
    const [line = "", ...others] = await routesOf(child);
    assert.deepEqual(others, []);
    assert.ok(line.includes(shown), `${line} should show ${shown}`);
    assert.deepEqual(await child.ask(encodeWithdraw(route)), []);
    assert.deepEqual(await routesOf(child), []);
  }
});

test("the longest line of the grammar is taken", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  const many = (count: number, text: (n: number) => string): string[] =>
    Array.from({ length: count }, (_, n) => text(n));
  const route: Route = {
    ...A,
    asPath: Array.from({ length: 255 }, () => 4_294_967_295),
    communities: many(128, (n) => `65535:${65_535 - n}`),
    largeCommunities: many(64, (n) => `4294967295:4294967295:${4_294_967_295 - n}`),
    extendedCommunities: many(64, (n) => `target:4294967295:${65_535 - n}`),
  };
  assert.deepEqual(await child.ask(encodeAnnounce(route)), []);
  assert.equal((await routesOf(child)).length, 1);
});

test("a line that cannot be parsed is an error; 4.2 has no answer at all to a number out of range", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  child.send("announce route 192.0.2.1/24 next-hop self\n");
  child.send("announce route 192.0.2.0/24 next-hop self med x\n");
  child.send("announce route 192.0.2.0/24 next-hop self med 99999999999\n");
  child.send(`${SESSIONS_QUESTION}\n`);
  const errors = isBefore("5.0") ? ["error", "error"] : ["error", "error", "error"];
  assert.deepEqual(await child.lines(errors.length + 1), [...errors, HEADER]);
});

test("a listing of sessions is answered in order with routes, and starts with its header", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  const routes = Array.from({ length: 60 }, (_, index) => `${encodeAnnounce(numbered(index))}\n`);
  child.send(`${routes.join("")}${SESSIONS_QUESTION}\n${encodeWithdraw(numbered(0))}\n`);
  // 4.2 leaves out a neighbor that was never up.
  const listed = isBefore("5.0") ? [HEADER] : [HEADER, DOWN];
  const lines = await child.lines(60 + listed.length + 2);
  assert.deepEqual(lines.splice(60, listed.length), listed);
  assert.ok(lines.every((line) => line === "done"));
});

test("the version is answered ahead of queued routes", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  const routes = Array.from({ length: 200 }, (_, index) => `${encodeAnnounce(numbered(index))}\n`);
  child.send(`${routes.join("")}system version\n`);
  const lines = await child.lines(202);
  assert.ok(lines.findIndex((line) => line.startsWith("exabgp ")) < 150, "it came in order");
});

test("routes stay when the child dies", async (context) => {
  const exabgp = await RealExabgp.start(context, "relay");
  const first = await exabgp.child();
  await first.ask(encodeAnnounce({ ...A, med: 7 }));
  first.kill();
  const second = await exabgp.child();
  assert.notEqual(second.pid, first.pid);
  assert.deepEqual(await routesOf(second), [`192.0.2.0/24 next-hop ${SELF} med 7`]);
});

test("4.2 glues a dead child's half line to the next one's first bytes, 5.0 drops it", async (context) => {
  const exabgp = await RealExabgp.start(context, "relay");
  const first = await exabgp.child();
  // The question before it is answered only after the half line has arrived with it.
  first.send(`${SESSIONS_QUESTION}\n${encodeAnnounce({ ...A, med: 1 })}`);
  await first.lines(2);
  first.kill();
  const second = await exabgp.child();
  second.send("00\n");
  const glues = isBefore("5.0");
  assert.equal(await second.line(), glues ? "done" : "error");
  const glued = glues ? [`192.0.2.0/24 next-hop ${SELF} med 100`] : [];
  assert.deepEqual(await routesOf(second), glued);
});

test("a comment as first bytes poisons a dead child's half line", async (context) => {
  const exabgp = await RealExabgp.start(context, "relay");
  const first = await exabgp.child();
  first.send(`${SESSIONS_QUESTION}\n${encodeAnnounce({ ...A, med: 1 })}`);
  await first.lines(2);
  first.kill();
  const second = await exabgp.child();
  second.send(" # ab12\n");
  // With 5.0 there is nothing to poison, and it is a comment.
  assert.equal(await second.line(), isBefore("5.0") ? "error" : "done");
  assert.deepEqual(await routesOf(second), []);
});

test("a command's name anywhere in a line is obeyed", async (context) => {
  const exabgp = await RealExabgp.start(context, "relay");
  const child = await exabgp.child();
  child.send("announce route 192.0.2.0/24 next-hop self community [ graceful-shutdown ]\n");
  await exabgp.exited();
});

async function report(child: Child): Promise<Report> {
  // The child is the only one that writes here.
  return JSON.parse(await child.line()) as Report;
}

function order(child: Child, id: number, verb: "announce" | "withdraw", route: Route): void {
  child.send(`${JSON.stringify({ id, verb, route } satisfies Order)}\n`);
}

test("a bridge finds its dialect, announces and withdraws", async (context) => {
  const exabgp = await RealExabgp.start(context, "bridge");
  const child = await exabgp.child();
  const ready = await report(child);
  assert.ok(
    ready.kind === "ready" && ready.dialect === Number(VERSION.split(".")[0]),
    JSON.stringify(ready),
  );
  for (const [id, verb] of (["announce", "withdraw"] as const).entries()) {
    order(child, id, verb, A);
    const settled = await report(child);
    assert.ok(settled.kind === "settled" && settled.id === id, JSON.stringify(settled));
    assert.equal(settled.settlement.outcome, "done");
    assert.ok((settled.settlement.ackMs ?? Infinity) < 1000);
  }
});

test("a bridge takes none of the answers that were meant for a dead one", async (context) => {
  const exabgp = await RealExabgp.start(context, "bridge");
  const first = await exabgp.child();
  await report(first);
  for (let id = 0; id < 500; id += 1) order(first, id, "withdraw", numbered(id));
  // It dies with hundreds of commands unanswered.
  await report(first);
  first.kill();
  const second = await exabgp.child();
  assert.equal((await report(second)).kind, "ready");
  for (let id = 0; id < 40; id += 1) order(second, id, "announce", numbered(id));
  for (let id = 0; id < 40; id += 1) {
    const settled = await report(second);
    assert.ok(settled.kind === "settled" && settled.id === id, JSON.stringify(settled));
    assert.equal(settled.settlement.outcome, "done");
  }
});
