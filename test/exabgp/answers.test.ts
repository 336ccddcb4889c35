/** What is answered, by each ExaBGP: an answer that does not come, or ends ExaBGP, is as much a fact as one that does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RealExabgp } from "./real-exabgp.ts";
import { isBefore } from "./version.ts";

const HEADER = "Peer            AS        up/down state       |     #sent     #recvd";

/** What 4.2.21, 4.2.25 and 5.0.15 say; empty for no answer at all. */
interface Case {
  readonly line: string;
  readonly answers: readonly [string, string, string];
}

/** Which of them is meant in this run: 4.2.21 and before, later 4.2, 5.0 and later. */
const OWN = isBefore("4.2.25") ? 0 : isBefore("5.0") ? 1 : 2;

const cases: readonly Case[] = [
  { line: "announce route 192.0.2.0/24 next-hop self", answers: ["done", "done", "done"] },
  {
    line: "announce attributes next-hop self med 3 community [ 65535:0 ] nlri 198.51.100.0/24 203.0.113.0/24",
    answers: ["done", "done", "done"],
  },
  {
    line: "withdraw attributes next-hop self med 3 community [ 65535:0 ] nlri 198.51.100.0/24 203.0.113.0/24",
    answers: ["done", "done", "done"],
  },
  { line: "withdraw route 198.51.100.0/24", answers: ["done", "done", "done"] },
  {
    line: "neighbor 127.0.0.2 announce route 198.51.100.0/24 next-hop self",
    answers: ["done", "done", "done"],
  },
  // Given to the one that is known, and to nobody else.
  {
    line: "neighbor 127.0.0.9, neighbor 127.0.0.2 withdraw route 198.51.100.0/24",
    answers: ["done", "done", "done"],
  },
  {
    line: "neighbor 127.0.0.9 announce route 198.51.100.0/24 next-hop self",
    answers: ["error", "error", "error"],
  },
  {
    line: "neighbor 127.0.0.9 withdraw route 198.51.100.0/24",
    answers: ["error", "error", "error"],
  },
  // So all neighbors are meant by naming none.
  {
    line: "neighbor * withdraw route 198.51.100.0/24",
    answers: ["error", "done", "done"],
  },
  { line: "peer * withdraw route 198.51.100.0/24", answers: ["error", "error", "error"] },
  // Over an IPv4 session there is no such address.
  {
    line: "announce route 2001:db8::/48 next-hop self",
    answers: ["done", "", "error"],
  },
  { line: "announce route 192.0.2.0/24 next-hop self med 4294967296", answers: ["", "", "error"] },
  { line: "announce route 192.0.2.1/24 next-hop self", answers: ["error", "error", "error"] },
  { line: "announce route 192.0.2.0/24", answers: ["error", "error", "error"] },
  { line: "no such command", answers: ["error", "error", "error"] },
  { line: "# a comment", answers: ["done", "done", "done"] },
];

test("each line has the answer that is known of this version", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  for (const { line, answers } of cases) {
    // What is asked behind it is answered after it, or there is no answer to it.
    child.send(`${line}\nshow neighbor summary\n`);
    const got = await child.line();
    if (got !== HEADER) assert.equal(await child.line(), HEADER, line);
    assert.equal(got === HEADER ? "" : got, answers[OWN], line);
    while ((await child.line()) !== "done");
  }
});

test("`flush adj-rib out` without a session ends 4.2, and is an error with 5.0", async (context) => {
  const exabgp = await RealExabgp.start(context, "relay");
  const child = await exabgp.child();
  assert.deepEqual(await child.ask("announce route 192.0.2.0/24 next-hop self"), []);
  child.send("flush adj-rib out\n");
  if (isBefore("5.0")) {
    await exabgp.exited();
    assert.match(exabgp.lastWords(), /AttributeError: module 'syslog' has no attribute/);
  } else {
    assert.equal(await child.line(), "error");
    assert.deepEqual(await child.ask("# still alive"), []);
  }
});

const listings: readonly Case[] = [
  {
    line: "announce route 192.0.2.0/24 next-hop self",
    answers: ["next-hop self", "next-hop 127.0.0.1", "next-hop 127.0.0.1"],
  },
  {
    line: "announce route 192.0.2.0/24 next-hop 198.51.100.1 as-path [ 64496 64497 ]",
    answers: [
      "next-hop 198.51.100.1 as-path [ 64496 64497 ]",
      "next-hop 198.51.100.1 as-path [ 64496 64497 ]",
      "next-hop 198.51.100.1 as-path ( 64496 64497 )",
    ],
  },
  {
    line: "announce route 192.0.2.0/24 next-hop 198.51.100.1 community [ 65535:0 64496:1 ] large-community [ 64496:2:1 64496:1:1 ]",
    answers: [
      "next-hop 198.51.100.1 community [ 64496:1 65535:0 ] large-community [ 64496:1:1 64496:2:1 ]",
      "next-hop 198.51.100.1 community [ 64496:1 65535:0 ] large-community [ 64496:1:1 64496:2:1 ]",
      "next-hop 198.51.100.1 community [ 64496:1 65535:0 ] large-community [ 64496:1:1 64496:2:1 ]",
    ],
  },
];

test("a listing names neighbor, addresses, family and attributes, in this version's words", async (context) => {
  const child = await (await RealExabgp.start(context, "relay")).child();
  const head =
    "neighbor 127.0.0.2 local-ip 127.0.0.1 local-as 64496 peer-as 64497 router-id 127.0.0.1 family-allowed in-open ipv4 unicast 192.0.2.0/24";
  for (const { line, answers } of listings) {
    assert.deepEqual(await child.ask(line), []);
    const listed = await child.ask("show adj-rib out extensive");
    assert.deepEqual(listed, [`${head} ${answers[OWN]}`]);
  }
});

const settings = [
  { env: { exabgp_log_level: "INFO" }, endsBefore5: false, ends5: false },
  { env: { exabgp_log_level: "WARNING" }, endsBefore5: false, ends5: false },
  { env: { exabgp_log_level: "ERROR" }, endsBefore5: true, ends5: false },
  { env: { exabgp_log_level: "CRITICAL" }, endsBefore5: true, ends5: false },
  { env: { exabgp_log_level: "CRIT" }, endsBefore5: false, ends5: true },
  { env: { exabgp_log_enable: "false" }, endsBefore5: true, ends5: false },
];
for (const { env, endsBefore5, ends5 } of settings) {
  const ends = isBefore("5.0") ? endsBefore5 : ends5;
  test(`${JSON.stringify(env)} ${ends ? "ends ExaBGP" : "is taken"}`, async (context) => {
    const exabgp = await RealExabgp.start(context, "relay", undefined, env);
    if (ends) await assert.rejects(exabgp.child(), /ExaBGP has ended/);
    else assert.deepEqual(await (await exabgp.child()).ask("# alive"), []);
  });
}
