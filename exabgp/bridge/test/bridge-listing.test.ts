import assert from "node:assert/strict";
import { test } from "node:test";
import { LISTED_ROUTES_MAX } from "../src/index.ts";
import type { RoutesListing } from "../src/index.ts";
import { LISTING_TIME_MAX_MS } from "../src/listings.ts";
import { Harness, HEADER_LINE } from "./harness.ts";
import { A, ANNOUNCE_A, B, BARRIER, numbered, WITHDRAW_B } from "./lines.ts";

const QUESTION = "show adj-rib out extensive";
const SESSIONS = `${HEADER_LINE}127.0.0.2       64497     down        active                1          0\ndone\n`;

function listed(prefix: string, neighbor = "127.0.0.2"): string {
  return `neighbor ${neighbor} local-ip 127.0.0.1 local-as 64496 peer-as 64497 router-id 127.0.0.1 family-allowed in-open ipv4 unicast ${prefix} next-hop self\n`;
}

/** Outcomes, with the prefixes that were listed. */
class Asking extends Harness {
  readonly listings: RoutesListing[] = [];

  async list(): Promise<void> {
    this.bridge.listRoutes((listing) => this.listings.push(listing));
    await this.settle();
  }

  get told(): string[] {
    return this.listings.map(({ outcome, routes }) =>
      [outcome, ...routes.map(({ prefix }) => prefix)].join(" "),
    );
  }

  /** The words of problems since the start. */
  get words(): string[] {
    return this.problems.map(({ word }) => word);
  }
}

async function started(): Promise<Asking> {
  const it = new Asking();
  await it.startReady();
  return it;
}

test("a listing stands between two barriers, and holds what was written before it", async () => {
  const it = await started();
  await it.announce("a", A);
  await it.list();
  await it.withdraw("b", B);
  assert.deepEqual(it.written(), [ANNOUNCE_A, BARRIER, QUESTION, BARRIER, WITHDRAW_B]);
  it.say(`done\n${SESSIONS}${listed("192.0.2.0/24")}done\n`);
  assert.deepEqual([it.told, it.outcomes], [[], ["a done"]]);
  await it.timers.advance(7);
  it.say(HEADER_LINE);
  assert.deepEqual(it.told, ["done 192.0.2.0/24"]);
  it.say("done\ndone\n");
  assert.deepEqual(it.outcomes, ["a done", "b done"]);
  const [listing] = it.listings;
  assert.deepEqual(listing, {
    outcome: "done",
    tellsAttributes: true,
    routes: [
      { neighbor: "127.0.0.2", localAddress: "127.0.0.1", prefix: "192.0.2.0/24", route: A },
    ],
    askedAtMs: 1000,
    answeredAtMs: 1000,
  });
  assert.deepEqual([it.words, it.bridge.status().unreadBytes], [[], 0]);
});

test("the sessions are asked for again, without holding anything up", async () => {
  const it = await started();
  it.bridge.listSessions();
  it.bridge.listSessions();
  await it.announce("a", A);
  assert.deepEqual(it.written(), [BARRIER, ANNOUNCE_A]);
  it.say(`${HEADER_LINE}192.0.2.1       64515     0:01:05 established           1          0\n`);
  it.say("done\ndone\n");
  assert.deepEqual([it.outcomes, it.sessions.map(({ state }) => state)], [["a done"], ["up"]]);
  it.bridge.listSessions();
  await it.timers.advance(5000);
  assert.deepEqual(it.written(), [BARRIER, BARRIER]);
  assert.equal(it.bridge.status().phase, "synchronizing");
  it.say(`${HEADER_LINE}done\n`.repeat(2));
  assert.equal(it.bridge.status().phase, "ready");
  assert.deepEqual(it.words, ["no-answer"]);
});

test("who asks while a question is on its way is told of the next one", async () => {
  const it = await started();
  await it.list();
  await it.list();
  await it.list();
  assert.deepEqual(it.written(), [BARRIER, QUESTION, BARRIER]);
  it.say(`${SESSIONS}done\n${SESSIONS}`);
  assert.deepEqual(it.told, ["done"]);
  assert.deepEqual(it.written(), [BARRIER, QUESTION, BARRIER]);
  it.say(`${SESSIONS}${listed("192.0.2.0/24")}done\n${SESSIONS}`);
  assert.deepEqual(it.told, ["done", "done 192.0.2.0/24", "done 192.0.2.0/24"]);
  assert.deepEqual(it.written(), []);
});

test("a question waits until answers can be paired, but not for ever", async () => {
  const it = new Asking();
  await it.list();
  it.bridge.start();
  it.say("done\nexabgp 4.2.21\ndone\n");
  assert.deepEqual(it.written(), [" # ab", "system version", BARRIER]);
  it.say(SESSIONS);
  assert.deepEqual(it.written(), [BARRIER, QUESTION, BARRIER]);
  const silent = new Asking();
  await silent.list();
  silent.bridge.start();
  await silent.timers.advance(LISTING_TIME_MAX_MS - 1);
  assert.deepEqual(silent.told, []);
  await silent.timers.advance(1);
  assert.deepEqual(silent.told, ["timeout"]);
});

test("commands behind a long listing are not given up while its lines come", async () => {
  const it = await started();
  await it.list();
  await it.withdraw("b", B);
  it.say(SESSIONS);
  for (let index = 0; index < 5; index += 1) {
    await it.timers.advance(4000);
    it.say(listed(numbered(index).prefix));
  }
  await it.timers.advance(4000);
  it.say(`done\n${SESSIONS}done\n`);
  assert.deepEqual(it.outcomes, ["b done"]);
  assert.equal(it.listings[0]?.routes.length, 5);
  assert.deepEqual(it.words, []);
});

test("silence within a listing ends it, and the pairing starts anew", async () => {
  const it = await started();
  await it.list();
  await it.withdraw("b", B);
  it.written();
  it.say(`${SESSIONS}${listed("192.0.2.0/24")}`);
  await it.timers.advance(5000);
  assert.deepEqual([it.told, it.outcomes], [["timeout"], ["b timeout"]]);
  assert.deepEqual(it.written(), [BARRIER]);
  // It was only slow: nothing of it is taken for the next question's answer.
  await it.list();
  it.say(`${listed("192.0.2.0/24")}done\n${SESSIONS}done\n${SESSIONS}`);
  assert.deepEqual(it.written(), [BARRIER, QUESTION, BARRIER]);
  it.say(`${SESSIONS}done\n${SESSIONS}`);
  assert.deepEqual(it.told, ["timeout", "done"]);
});

test("a listing without end is given up, and what is behind it with it", async () => {
  const it = await started();
  await it.list();
  await it.withdraw("b", B);
  it.say(SESSIONS);
  for (let ms = 0; ms < LISTING_TIME_MAX_MS + 10_000; ms += 1000) {
    it.say(listed("192.0.2.0/24"));
    await it.timers.advance(1000);
  }
  assert.deepEqual([it.told, it.outcomes], [["timeout"], ["b timeout"]]);
});

/** What ExaBGP says after the three lines and a withdrawal, and what becomes of them. */
const losses = [
  { name: "the first barrier", said: `${listed("192.0.2.0/24")}done\n${SESSIONS}done\n` },
  { name: "the listing", said: `${SESSIONS}${SESSIONS}done\n` },
  { name: "the first barrier and the listing", said: `${SESSIONS}done\n` },
  { name: "the listing's end", said: `${SESSIONS}${listed("192.0.2.0/24")}${SESSIONS}done\n` },
  { name: "the second barrier", said: `${SESSIONS}${listed("192.0.2.0/24")}done\ndone\n` },
  { name: "everything", said: "" },
];

for (const { name, said } of losses) {
  test(`an answer that was lost never passes for an empty listing: ${name}`, async () => {
    const it = await started();
    await it.list();
    await it.withdraw("b", B);
    it.say(said);
    for (let round = 0; round < 20 && it.bridge.status().phase !== "ready"; round += 1) {
      await it.timers.advance(2500);
    }
    await it.timers.advance(5000);
    it.say(SESSIONS.repeat(it.written().filter((line) => line === BARRIER).length - 2));
    for (let round = 0; round < 20 && it.bridge.status().phase !== "ready"; round += 1) {
      await it.timers.advance(5000);
      it.say(SESSIONS.repeat(it.written().filter((line) => line === BARRIER).length));
    }
    assert.equal(it.bridge.status().phase, "ready");
    assert.deepEqual(it.told, ["timeout"]);
    assert.equal(it.outcomes.length, 1);
  });
}

test("a listing is not believed once the pairing starts anew beside it", async () => {
  const it = await started();
  await it.announce("a", A);
  await it.timers.advance(3000);
  await it.list();
  await it.withdraw("b", B);
  await it.timers.advance(2000);
  assert.deepEqual(it.written().slice(-2), [WITHDRAW_B, BARRIER]);
  // Lost: the answers to a, to the first barrier and to the listing. The end of b's answer looks like the listing's.
  it.say(`${SESSIONS}done\n${SESSIONS}`);
  assert.deepEqual(it.told, ["timeout"]);
});

test("an error, half a line, a line too long and too many lines make a listing unusable", async () => {
  const it = await started();
  const many = Array.from({ length: 1024 }, (_, n) => listed(numbered(n).prefix)).join("");
  for (const said of [
    "error\n",
    `${listed("192.0.2.0/24").slice(0, 90)}\n${listed("192.0.2.0/24")}done\n`,
    `28\n${listed("192.0.2.0/24")}done\n`,
    `${listed("192.0.2.0/24")}${"x".repeat(10_000_000)}\ndone\n`,
    `${many.repeat(LISTED_ROUTES_MAX / 1024 + 1)}done\n`,
  ]) {
    await it.list();
    it.say(`${SESSIONS}${said}${SESSIONS}`);
  }
  assert.deepEqual(it.told, ["error", "error", "error", "error", "error"]);
  await it.list();
  it.say(`${SESSIONS}${many}done\n${SESSIONS}`);
  assert.equal(it.listings.at(-1)?.routes.length, 1024);
  // Each word at most once in 5 s.
  assert.deepEqual(it.words, ["listing-unusable", "line-dropped"]);
});

test("events within a listing are no part of it", async () => {
  const it = await started();
  await it.list();
  it.say(`${SESSIONS}${listed("192.0.2.0/24")}neighbor 127.0.0.2 up\n`);
  it.say('{ "exabgp": "4.0.1", "type": "state", "neighbor": { "address": { "peer": "127.0.0.3" }');
  it.say(', "state": "up" } }\n');
  it.say(`${listed("198.51.100.0/24")}done\n${SESSIONS}`);
  assert.deepEqual(it.told, ["done 192.0.2.0/24 198.51.100.0/24"]);
});

test("a listing that nobody asked for ends no command", async () => {
  const it = await started();
  await it.announce("a", A);
  it.say(`${listed("192.0.2.0/24")}done\n`);
  assert.deepEqual(it.outcomes, []);
  it.say("done\n");
  assert.deepEqual([it.outcomes, it.words], [["a done"], ["stale-answer"]]);
});

test("without acknowledgements the barriers are a listing's beginning and end", async () => {
  const it = new Asking();
  it.bridge.start();
  it.say("exabgp 4.2.21\n");
  await it.timers.advance(1000);
  const sessions = SESSIONS.replace("done\n", "");
  it.say(sessions);
  await it.list();
  it.say(`${sessions}${listed("192.0.2.0/24")}${sessions}`);
  await it.list();
  it.say(`${sessions}${sessions}`);
  assert.deepEqual(it.told, ["done 192.0.2.0/24", "done"]);
});

test("6.0 lists prefixes without attributes, and repeats itself within one turn of its loop", async () => {
  const it = new Asking();
  it.bridge.start();
  it.say('done\n{ "version": "6.0.0", "application": "exabgp" }\ndone\n');
  const sessions = '[ { "peer-address": "127.0.0.2" } ]\ndone\n';
  it.say(sessions);
  it.written();
  await it.list();
  assert.deepEqual(it.written(), ["peer show summary", "rib show out", "peer show summary"]);
  const [one, two] = ["192.0.2.0/24", "2001:db8::/48"].map(
    (prefix) =>
      `{"family": "${prefix.includes(":") ? "ipv6" : "ipv4"} unicast", "prefix": "${prefix}"}`,
  );
  it.say(sessions);
  it.say(`{"127.0.0.2": {"routes": [${one}]}}\n`);
  it.say(`{"127.0.0.2": {"routes": [${one}, ${two}]}}\n`);
  it.say(`{"127.0.0.3": {"routes": [{"family": "ipv4 flow", "nlri": "x"}, ${one}]}}\n`);
  it.say(`done\n${sessions}`);
  assert.deepEqual(it.told, ["done 192.0.2.0/24 2001:db8::/48 192.0.2.0/24"]);
  assert.equal(it.listings[0]?.tellsAttributes, false);
  for (const wrong of ['{"x": {"routes": []}}', '{"127.0.0.2": {"routes": [1]}}', '{"a": 1}']) {
    await it.list();
    it.say(`${sessions}${wrong}\ndone\n${sessions}`);
  }
  assert.deepEqual(it.told.slice(1), ["error", "error", "error"]);
});

test("when ExaBGP goes or the bridge stops, every listing ends", async () => {
  const it = await started();
  await it.list();
  await it.list();
  it.bridge.stop();
  await it.settle();
  await it.list();
  assert.deepEqual(it.told, ["closed", "closed", "closed"]);
  assert.equal(it.timers.pending, 0);
});
