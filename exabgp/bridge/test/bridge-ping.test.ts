/** What shows that ExaBGP runs: a question that nothing waits for, and that is never mixed up with another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { QUESTIONS_UNREAD_BYTES_MAX } from "../src/asking.ts";
import { HEADER_LINE, Harness } from "./harness.ts";

const QUESTION = "system version";
const ROUTE = { prefix: "192.0.2.0/24", nextHop: "self" } as const;
const ANSWER = "exabgp 4.2.21\ndone\n";

async function ready(): Promise<Harness> {
  const harness = new Harness();
  await harness.startReady();
  return harness;
}

test("a ping asks for the version, and its answer is told by when ExaBGP was last heard", async () => {
  const harness = await ready();
  await harness.timers.advance(1000);
  const { lastHeardAtMs } = harness.bridge.status();
  harness.bridge.ping();
  assert.deepEqual(harness.written(), [QUESTION]);
  assert.equal(harness.bridge.status().lastHeardAtMs, lastHeardAtMs);
  harness.say(ANSWER);
  assert.equal(harness.bridge.status().lastHeardAtMs, harness.timers.nowMs());
  assert.equal(harness.bridge.status().unreadBytes, 0);
  assert.deepEqual(harness.problems, []);
});

test("nothing is asked before ExaBGP is known, nor while another answer is awaited, nor after the end", async () => {
  const harness = new Harness();
  harness.bridge.start();
  harness.written();
  harness.bridge.ping();
  assert.deepEqual(harness.written(), []);
  harness.say(`done\n${ANSWER}`);
  assert.deepEqual(harness.written(), ["show neighbor summary"]);
  harness.bridge.ping();
  assert.deepEqual(harness.written(), []);
  harness.say(`${HEADER_LINE}done\n`);
  await harness.withdraw("a", ROUTE);
  assert.equal(harness.written().length, 1);
  harness.bridge.ping();
  assert.deepEqual(harness.written(), []);
  harness.say("done\n");
  assert.deepEqual(harness.outcomes, ["a done"]);
  harness.bridge.ping();
  assert.deepEqual(harness.written(), [QUESTION]);
  harness.bridge.stop();
  harness.bridge.ping();
  assert.deepEqual(harness.written(), []);
});

test("a withdrawal does not wait for the answer to a ping, and gets its own", async () => {
  const harness = await ready();
  harness.bridge.ping();
  await harness.withdraw("a", ROUTE);
  assert.equal(harness.written().length, 2);
  harness.say(ANSWER);
  assert.deepEqual(harness.outcomes, []);
  harness.say("error\n");
  assert.deepEqual(harness.outcomes, ["a error"]);
});

test("a lost answer to a ping passes no command off as done", async () => {
  const harness = await ready();
  harness.bridge.ping();
  await harness.withdraw("a", ROUTE);
  harness.say("done\n");
  assert.deepEqual(harness.outcomes, []);
  await harness.timers.advance(5000);
  assert.deepEqual(harness.outcomes, ["a timeout"]);
  harness.say(`${HEADER_LINE}done\n`);
  assert.equal(harness.bridge.status().phase, "ready");
  harness.written();
  harness.bridge.ping();
  assert.deepEqual(harness.written(), [QUESTION]);
});

test("without acknowledgements the version alone is the answer", async () => {
  const harness = new Harness();
  harness.bridge.start();
  harness.say("exabgp 4.2.21\n");
  await harness.timers.advance(1000);
  harness.say(HEADER_LINE);
  await harness.settle();
  assert.equal(harness.bridge.status().acks, "off");
  harness.written();
  harness.bridge.ping();
  harness.say("exabgp 4.2.21\n");
  assert.equal(harness.bridge.status().unreadBytes, 0);
  harness.bridge.listSessions();
  assert.deepEqual(harness.written(), [QUESTION, "show neighbor summary"]);
});

test("a silent ExaBGP is pinged again and again, until the pipe may be full; awake, it answers all", async () => {
  const harness = await ready();
  for (let count = 0; count < 10_000; count += 1) harness.bridge.ping();
  const asked = harness.written().length;
  const bytes = asked * (QUESTION.length + 1);
  assert.ok(bytes >= QUESTIONS_UNREAD_BYTES_MAX && bytes < QUESTIONS_UNREAD_BYTES_MAX + 100);
  harness.say(ANSWER.repeat(asked));
  assert.equal(harness.bridge.status().unreadBytes, 0);
  assert.deepEqual(harness.problems, []);
  await harness.withdraw("a", ROUTE);
  harness.say("done\n");
  assert.deepEqual(harness.outcomes, ["a done"]);
});
