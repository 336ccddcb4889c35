/** What ExaBGP says that it holds, asked of the ExaBGP that the tests run with (see version.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  COMMUNITIES_MAX,
  encodeAnnounce,
  encodeWithdraw,
  isCommandLine,
  normalizeRoute,
} from "exabgp-ts-bridge";
import type { Route, RoutesListing } from "exabgp-ts-bridge";
import { isSame } from "../../src/core/rib.ts";
import type { Order, Report } from "./child.ts";
import type { Child } from "./children.ts";
import { neighbor, RealExabgp } from "./real-exabgp.ts";
import { isBefore } from "./version.ts";

const QUESTION = "show adj-rib out extensive";
const SESSIONS_QUESTION = "show neighbor summary";
const A: Route = { prefix: "192.0.2.0/24", nextHop: "self" };
/** From 4.2.25 on, `self` is refused where the session has no address of the family. */
const A6: Route = { prefix: "2001:db8::/48", nextHop: "2001:db8::1" };

function numbered(index: number): Route {
  return { prefix: `10.${index >> 8}.${index & 255}.0/24`, nextHop: "self" };
}

async function report(child: Child): Promise<Report> {
  // The child is the only one that writes here.
  return JSON.parse(await child.line()) as Report;
}

async function settle(child: Child, verb: "announce" | "withdraw", route: Route): Promise<void> {
  child.send(`${JSON.stringify({ id: 0, verb, route } satisfies Order)}\n`);
  const told = await report(child);
  assert.ok(told.kind === "settled", JSON.stringify(told));
  assert.equal(told.settlement.outcome, "done", told.settlement.line);
}

async function list(child: Child): Promise<RoutesListing> {
  child.send(`${JSON.stringify({ id: 0, verb: "list" } satisfies Order)}\n`);
  const told = await report(child);
  assert.ok(told.kind === "listing", JSON.stringify(told));
  assert.equal(told.listing.outcome, "done");
  return told.listing;
}

const routes: readonly Route[] = [
  A,
  { ...A, nextHop: "198.51.100.1" },
  A6,
  { prefix: "::ffff:10.0.0.0/104", nextHop: "::ffff:192.0.2.1" },
  { prefix: "::/0", nextHop: "2001:db8:0:0:1::1" },
  { ...A, origin: "igp" },
  { ...A, origin: "egp" },
  { ...A, origin: "incomplete", med: 0, localPreference: 0 },
  { ...A, med: 4_294_967_295, localPreference: 4_294_967_295 },
  { ...A, asPath: [64_496] },
  { ...A, asPath: [64_496, 64_496, 4_200_000_000] },
  { ...A, communities: ["65535:0"] },
  {
    ...A,
    communities: ["0:0", "65535:666", ...[1, 2, 3, 4].map((low) => `65535:${65_280 + low}`)],
  },
  { ...A, largeCommunities: ["1:2:3"] },
  { ...A, largeCommunities: ["1:2:3", "4294967295:4294967295:4294967295"] },
  ...[
    ["target:64496:7"],
    ["target:0:0"],
    ["target:64496:4294967295"],
    ["target:4200000000:7"],
    ["target:192.0.2.1:7"],
    ["origin:64496:7"],
    ["origin:64496:4294967295"],
    ["origin:4200000000:7"],
    ["origin:192.0.2.1:7"],
    ["origin:192.0.2.1:7", "target:4200000000:7", "target:64496:7"],
  ].map((extendedCommunities) => ({ ...A, extendedCommunities })),
  {
    ...A,
    asPath: Array.from({ length: 255 }, () => 4_294_967_295),
    communities: Array.from({ length: COMMUNITIES_MAX }, (_, n) => `65535:${65_535 - n}`),
  },
];

test("every route of the grammar is listed as what it is, and as no other", async (context) => {
  const child = await (await RealExabgp.start(context, "bridge")).child();
  assert.equal((await report(child)).kind, "ready");
  for (const route of routes) {
    await settle(child, "announce", route);
    const { routes: held } = await list(child);
    assert.equal(held.length, 1, encodeAnnounce(route));
    for (const other of routes.map(normalizeRoute)) {
      const same = held[0]?.prefix === other.prefix && isSame(held[0], other);
      // Without an origin it is igp.
      const names = [route, other].map((one) =>
        encodeAnnounce(one.origin === undefined ? { ...one, origin: "igp" } : one),
      );
      assert.equal(same, names[0] === names[1], `${JSON.stringify(held[0])}: ${names.join("; ")}`);
    }
    await settle(child, "withdraw", route);
  }
  assert.deepEqual((await list(child)).routes, []);
});

test("a listing is answered in order: it shows what was written before, and nothing after", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  const before = Array.from({ length: 60 }, (_, index) => `${encodeAnnounce(numbered(index))}\n`);
  const after = `${encodeAnnounce(numbered(60))}\n${encodeWithdraw(numbered(0))}\n`;
  child.send(`${before.join("")}${QUESTION}\n${after}${SESSIONS_QUESTION}\n`);
  const lines = await child.lines(60 + 60 + 1 + 2);
  assert.ok(lines.slice(0, 60).every((line) => line === "done"));
  const listed = lines.slice(60, 120).map((line) => / unicast (\S+) /.exec(line)?.[1]);
  assert.deepEqual(new Set(listed), new Set(before.map((line) => line.split(" ")[2])));
  assert.deepEqual(lines.slice(120), ["done", "done", "done"]);
});

test("a route is listed for each neighbor that has its family, also while the session is down", async (context) => {
  const neighbors = neighbor("127.0.0.2") + neighbor("127.0.0.3", "ipv4 unicast;");
  const child = await (await RealExabgp.start(context, "bridge", neighbors)).child();
  assert.equal((await report(child)).kind, "ready");
  await settle(child, "announce", A);
  await settle(child, "announce", A6);
  await settle(child, "announce", { ...numbered(1), neighbors: ["127.0.0.3"] });
  const held = (await list(child)).routes.map((one) => `${one.neighbor} ${one.prefix}`);
  assert.deepEqual(held.toSorted(), [
    "127.0.0.2 192.0.2.0/24",
    "127.0.0.2 2001:db8::/48",
    "127.0.0.3 10.0.1.0/24",
    "127.0.0.3 192.0.2.0/24",
  ]);
});

test("neighbors are listed as they are configured: those that get what this process announces", async (context) => {
  const silent = neighbor("127.0.0.4").replace(/ {2}api .*\n/, "");
  const six = neighbor("2001:db8::2").replace("local-address 127.0.0.1", "local-address ::1");
  const secret = neighbor("127.0.0.2").replace("passive", 'md5-password "secret"; passive');
  const neighbors = secret + neighbor("127.0.0.3", "ipv4 unicast; ipv4 flow;") + silent + six;
  const child = await (await RealExabgp.start(context, "bridge", neighbors)).child();
  assert.equal((await report(child)).kind, "ready");
  child.send(`${JSON.stringify({ id: 0, verb: "neighbors" } satisfies Order)}\n`);
  const told = await report(child);
  assert.ok(told.kind === "neighbors", JSON.stringify(told));
  assert.equal(told.listing.outcome, "done");
  const as = { localAs: 64_496, peerAs: 64_497 };
  assert.deepEqual(told.listing.neighbors, [
    { neighbor: "127.0.0.2", localAddress: "127.0.0.1", families: ["ipv4", "ipv6"], ...as },
    { neighbor: "127.0.0.3", localAddress: "127.0.0.1", families: ["ipv4"], ...as },
    { neighbor: "2001:db8::2", localAddress: "::1", families: ["ipv4", "ipv6"], ...as },
  ]);
});

test("over an IPv6 session `next-hop self` of an IPv4 prefix is the router-id", async (context) => {
  const six = neighbor("2001:db8::2").replace("local-address 127.0.0.1", "local-address ::1");
  const child = await (await RealExabgp.start(context, "relay", six)).child();
  assert.deepEqual(await child.ask(encodeAnnounce(A)), []);
  const [listed = ""] = await child.ask(QUESTION);
  const hop = isBefore("4.2.25") ? "self" : "127.0.0.1";
  assert.equal(
    listed.slice(listed.indexOf("ipv4 unicast")),
    `ipv4 unicast ${A.prefix} next-hop ${hop}`,
  );
});

test("a line that one neighbor cannot have is not given to those behind it", async (context) => {
  const six = neighbor("2001:db8::2").replace("local-address 127.0.0.1", "local-address ::1");
  const neighbors = neighbor("127.0.0.2") + six;
  const child = await (await RealExabgp.start(context, "relay", neighbors)).child();
  child.send(`announce route ${A6.prefix} next-hop self\n${SESSIONS_QUESTION}\n`);
  while (!(await child.line()).startsWith("Peer "));
  while ((await child.line()) !== "done");
  const held = await child.ask(QUESTION);
  // 4.2.21 sends the IPv4 neighbor four octets: test/routers/next-hop-family.test.ts.
  assert.equal(held.length, isBefore("4.2.25") ? 2 : 0);
  assert.deepEqual(
    await child.ask(`neighbor 2001:db8::2 announce route ${A6.prefix} next-hop self`),
    [],
  );
  assert.equal((await child.ask(QUESTION)).length, isBefore("4.2.25") ? 2 : 1);
});

test("without a session `flush adj-rib out` ends 4.2: it is never written", async (context) => {
  assert.equal(isCommandLine("flush adj-rib out"), false);
  const exabgp = await RealExabgp.start(context, "relay");
  const child = await exabgp.child();
  child.send("flush adj-rib out\n");
  if (isBefore("5")) {
    await exabgp.exited();
    assert.match(exabgp.lastWords(), /module 'syslog' has no attribute 'LOG_warning'/);
  } else {
    assert.equal(await child.line(), "error");
  }
});
