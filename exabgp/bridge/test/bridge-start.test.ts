import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, HEADER_LINE } from "./harness.ts";
import { A, B, ANNOUNCE_A, ANNOUNCE_B, WITHDRAW_B, BARRIER } from "./lines.ts";

test("the first bytes are a comment and the question for the version", () => {
  const it = new Harness();
  it.bridge.start();
  assert.deepEqual(it.written(), [" # ab", "system version"]);
});

test("a nonce that could be a command is refused", () => {
  for (const nonce of ["", "restart", "ab restart", "AB", "a\n"]) {
    assert.throws(() => new Harness({ nonce }), RangeError);
  }
});

test("answers meant for a predecessor are thrown away", async () => {
  const it = new Harness();
  await it.announce("a", A);
  it.bridge.start();
  it.say("done\ndone\nerror\n");
  it.say("done\nexabgp 4.2.21\ndone\n");
  assert.deepEqual(it.written(), [" # ab", "system version", BARRIER]);
  it.say("done\ndone\ndone\n");
  assert.deepEqual(it.written(), []);
  it.say(`${HEADER_LINE}done\n`);
  assert.deepEqual(it.written(), [ANNOUNCE_A]);
  assert.deepEqual(it.outcomes, []);
  it.say("done\n");
  assert.deepEqual(it.outcomes, ["a done"]);
  assert.deepEqual(it.events, ["ready 4.2.21 4"]);
});

test("the version is asked again while ExaBGP is silent, and nothing else is written", async () => {
  const it = new Harness();
  it.bridge.start();
  await it.announce("a", A);
  await it.withdraw("b", B);
  it.written();
  await it.timers.advance(10_000);
  assert.deepEqual(it.written(), ["system version", "system version"]);
  it.say("done\nexabgp 4.2.21\ndone\nexabgp 4.2.21\ndone\nexabgp 4.2.21\ndone\n");
  assert.deepEqual(it.written(), [BARRIER, WITHDRAW_B]);
  it.say(`${HEADER_LINE}done\ndone\n`);
  assert.deepEqual(it.written(), [ANNOUNCE_A]);
  assert.deepEqual(it.outcomes, ["b done"]);
});

test("the barrier's listing tells the sessions", async () => {
  const it = new Harness();
  it.bridge.start();
  it.say("done\nexabgp 5.0.13\ndone\nneighbor 192.0.2.9 up\n");
  it.say(HEADER_LINE);
  it.say("192.0.2.1       64515     0:01:05 established           1          0\n");
  it.say("192.0.2.2       64515        down idle                  1          0\n");
  it.say("2001:db8::1     64515 1 day, 0:01:05 established           1          0\n");
  it.say("done\n");
  assert.deepEqual(
    it.sessions.map(({ neighbor, state, reason }) => `${neighbor} ${state} ${reason}`),
    [
      "192.0.2.9 up ",
      "192.0.2.1 up listed",
      "192.0.2.2 down listed",
      "2001:db8::1 up listed",
      "192.0.2.9 down not listed",
    ],
  );
  assert.equal(it.bridge.status().sessions.get("2001:db8::1")?.state, "up");
  it.say("neighbor 192.0.2.1 up\nneighbor 192.0.2.1 down - gone\n");
  assert.deepEqual(it.events.slice(5), ["ready 5.0.13 5", "session 192.0.2.1 down"]);
});

test("a listing that ends in an error says nothing about the sessions it leaves out", async () => {
  const it = new Harness();
  it.bridge.start();
  it.say("done\nexabgp 4.2.21\ndone\nneighbor 192.0.2.9 up\n");
  it.say(`${HEADER_LINE}error\n`);
  assert.deepEqual(it.events, ["session 192.0.2.9 up", "ready 4.2.21 4"]);
});

test("speaks API v6 to 6.0, and takes its two-line error as one answer", async () => {
  const it = new Harness();
  it.bridge.start();
  it.say('done\n{"version": "6.0.0", "application": "exabgp"}\ndone\n');
  assert.deepEqual(it.written().slice(2), ["peer show summary"]);
  it.say("done\n");
  it.say(
    '[{"peer-address": "192.0.2.1", "local-as": 1}, {"state": "up", "peer": {"address": "192.0.2.2"}}]\ndone\n',
  );
  assert.deepEqual(it.events, ["session 192.0.2.1 down", "session 192.0.2.2 up", "ready 6.0.0 6"]);
  await it.announce("a", A);
  await it.announce("b", B);
  assert.deepEqual(it.written(), [`peer * ${ANNOUNCE_A}`, `peer * ${ANNOUNCE_B}`]);
  it.say("error: no such thing\nerror\ndone\n");
  assert.deepEqual(it.outcomes, ["a error", "b done"]);
  assert.equal(it.settlements[0]?.settlement.detail, "no such thing");
  assert.equal(it.settlements[1]?.settlement.detail, "");
});
