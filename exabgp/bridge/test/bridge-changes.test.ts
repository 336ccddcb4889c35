import assert from "node:assert/strict";
import { test } from "node:test";
import { ANNOUNCEMENTS_IN_FLIGHT_MAX } from "../src/index.ts";
import { Harness, HEADER_LINE } from "./harness.ts";
import { A, A_MED, B, ANNOUNCE_A, WITHDRAW_A, WITHDRAW_B, BARRIER, numbered } from "./lines.ts";

test("answers are paired in order, with their times, around events", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.withdraw("b", B);
  await it.timers.advance(7);
  it.say('{ "exabgp": "4.0.1", "type": "keepalive" }\nerror\n');
  it.say('{ "exabgp": "4.0.1", "type": "sta\ndo');
  it.say("ne\n");
  assert.deepEqual(it.outcomes, ["a error", "b done"]);
  assert.deepEqual(it.settlements[1]?.settlement, {
    outcome: "done",
    line: WITHDRAW_B,
    writtenAtMs: 1000,
    ackMs: 7,
    detail: "",
  });
  assert.deepEqual(it.events.slice(1), ["problem malformed-line"]);
});

test("a command is written at the last look at the clock before it goes out", async () => {
  let nowMs = 0;
  let outAtMs = 0;
  const timers = { nowMs: () => (nowMs += 1), after: () => () => {} };
  const it = new Harness({ timers, output: () => void (outAtMs = nowMs) });
  await it.startReady();
  await it.announce("a", A);
  const writtenAtMs = outAtMs;
  it.say("done\n");
  assert.equal(it.settlements[0]?.settlement.writtenAtMs, writtenAtMs);
});

test("changes of one turn are coalesced, and withdrawals go first", async () => {
  const it = new Harness();
  await it.startReady();
  const done = (name: string) => (settlement: { outcome: string }) =>
    void log.push(`${name} ${settlement.outcome}`);
  const log: string[] = [];
  it.bridge.announce(A, done("a1"));
  it.bridge.withdraw(A, done("a2"));
  it.bridge.announce(A_MED, done("a3"));
  it.bridge.withdraw(B, done("b"));
  assert.deepEqual([it.written(), log], [[], []]);
  await it.settle();
  assert.deepEqual(it.written(), [WITHDRAW_B, `${ANNOUNCE_A} med 200`]);
  it.say("done\ndone\n");
  assert.deepEqual(log, ["a1 superseded", "a2 superseded", "b done", "a3 done"]);
});

test("two changes of one prefix are never in flight, and rest 250 ms from the answer", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a1", A);
  assert.deepEqual(it.written(), [ANNOUNCE_A]);
  await it.withdraw("a2", A);
  await it.timers.advance(400);
  assert.deepEqual(it.written(), []);
  it.say("done\n");
  await it.timers.advance(249);
  assert.deepEqual(it.written(), []);
  await it.timers.advance(1);
  assert.deepEqual(it.written(), [WITHDRAW_A]);
});

test("a change that returns to what was acknowledged is not written", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a1", A);
  it.say("done\n");
  it.written();
  await it.withdraw("a2", A);
  await it.announce("a3", A);
  await it.timers.advance(1000);
  assert.deepEqual(it.written(), []);
  assert.deepEqual(it.outcomes, ["a1 done", "a2 superseded", "a3 done"]);
  assert.equal(it.settlements[2]?.settlement.line, undefined);
});

test("a change that returns to what was refused is written", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a1", A);
  await it.withdraw("a2", A);
  await it.announce("a3", A);
  it.written();
  it.say("error\n");
  assert.deepEqual(it.written(), [ANNOUNCE_A]);
});

test("the same command out of the blue is written again: it mends what others did", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a1", A);
  it.say("done\n");
  await it.announce("a2", A);
  assert.deepEqual(it.written(), [ANNOUNCE_A, ANNOUNCE_A]);
});

test("a withdrawal carries the attributes last written, not those last asked for", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a1", { ...A, med: 50 });
  // ExaBGP is silent: the second announcement is never written.
  await it.announce("a2", { ...A, med: 60 });
  await it.withdraw("a3", { ...A, med: 60 });
  await it.timers.advance(5000);
  assert.deepEqual(it.written(), [`${ANNOUNCE_A} med 50`, BARRIER, `${WITHDRAW_A} med 50`]);
  it.say(`${HEADER_LINE}done\ndone\n`);
  assert.deepEqual(it.outcomes, ["a2 superseded", "a1 timeout", "a3 done"]);
  assert.equal(it.settlements[2]?.settlement.line, `${WITHDRAW_A} med 50`);
});

// Each announcement: what ExaBGP said to it, and its MED.
const announcements = [
  { name: "ExaBGP took", said: [["done", 50]], withdrawn: 50 },
  {
    name: "ExaBGP took last",
    said: [
      ["done", 50],
      ["done", 60],
    ],
    withdrawn: 60,
  },
  {
    name: "ExaBGP took before the one that it refused",
    said: [
      ["done", 50],
      ["error", 60],
    ],
    withdrawn: 50,
  },
  {
    name: "ExaBGP took before the two that it refused",
    said: [
      ["done", 50],
      ["error", 60],
      ["error", 70],
    ],
    withdrawn: 50,
  },
  {
    name: "were given, when all were refused",
    said: [
      ["error", 50],
      ["error", 60],
    ],
    withdrawn: 99,
  },
  { name: "were given, when this process announced nothing", said: [], withdrawn: 99 },
] as const;
for (const { name, said, withdrawn } of announcements) {
  test(`a withdrawal carries the attributes that ${name}`, async () => {
    const it = new Harness();
    await it.startReady();
    for (const [answer, med] of said) {
      await it.announce("a", { ...A, med });
      await it.timers.advance(250);
      it.say(`${answer}\n`);
    }
    it.written();
    await it.withdraw("a", { ...A, med: 99 });
    await it.timers.advance(250);
    assert.deepEqual(it.written(), [`${WITHDRAW_A} med ${withdrawn}`]);
  });
}

test("a withdrawal at some neighbors carries the attributes last announced, and the others keep the route", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a1", { ...A_MED, neighbors: ["10.0.0.1", "10.0.0.2"] });
  it.say("done\n");
  it.written();
  await it.withdraw("a2", { ...A, neighbors: ["10.0.0.2"] });
  await it.timers.advance(250);
  it.say("done\n");
  assert.deepEqual(it.written(), [`neighbor 10.0.0.2 ${WITHDRAW_A} med 200`]);
  await it.withdraw("a3", { ...A, neighbors: ["10.0.0.1"] });
  await it.timers.advance(250);
  assert.deepEqual(it.written(), [`neighbor 10.0.0.1 ${WITHDRAW_A} med 200`]);
});

test("what this ExaBGP cannot be told ends as an error, and the next change of the prefix is written", async () => {
  const it = new Harness();
  it.bridge.start();
  it.say('done\n{"version": "6.0.0", "application": "exabgp"}\ndone\n');
  it.say("[]\ndone\n");
  await it.settle();
  assert.equal(it.bridge.status().phase, "ready");
  it.written();
  await it.announce("a1", { ...A, neighbors: ["10.0.0.1"] });
  await it.withdraw("b", B);
  await it.timers.advance(250);
  assert.deepEqual(it.outcomes, ["a1 error"]);
  assert.match(it.settlements[0]?.settlement.detail ?? "", /absent with ExaBGP 6\.0/);
  await it.announce("a2", A);
  await it.timers.advance(250);
  assert.deepEqual(it.written(), [`peer * ${WITHDRAW_B}`, `peer * ${ANNOUNCE_A}`]);
  assert.equal(it.bridge.status().inFlight, 2);
});

test("a repeated withdrawal carries them too; one that changes nothing is not written", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a1", A_MED);
  it.say("done\n");
  await it.withdraw("a2", A);
  await it.timers.advance(250);
  it.say("done\n");
  it.written();
  await it.withdraw("a3", { ...A, med: 60 });
  assert.deepEqual(it.written(), [`${WITHDRAW_A} med 200`]);
  await it.announce("a4", { ...A, med: 60 });
  await it.withdraw("a5", { ...A, med: 60 });
  it.say("done\n");
  await it.timers.advance(250);
  assert.deepEqual(it.written(), []);
  assert.deepEqual(it.outcomes.slice(2), ["a4 superseded", "a3 done", "a5 done"]);
});

test("a withdrawal carries what was given again after an announcement that could not be written", async () => {
  let isBroken = false;
  const lines: string[] = [];
  const it = new Harness({
    output(line) {
      if (isBroken) throw new RangeError("full");
      lines.push(line);
    },
  });
  await it.startReady();
  isBroken = true;
  await it.announce("a1", A_MED);
  isBroken = false;
  await it.withdraw("a2", A);
  await it.timers.advance(250);
  assert.equal(lines.at(-1), WITHDRAW_A);
});

test("announcements are bounded in flight, withdrawals do not wait for them", async () => {
  const it = new Harness();
  await it.startReady();
  for (let index = 0; index < 100; index += 1) await it.announce(`${index}`, numbered(index));
  assert.equal(it.written().length, ANNOUNCEMENTS_IN_FLIGHT_MAX);
  await it.withdraw("b", B);
  assert.deepEqual(it.written(), [WITHDRAW_B]);
  it.say("done\n");
  assert.equal(it.written().length, 1);
  assert.deepEqual([it.bridge.status().inFlight, it.bridge.status().queued], [33, 67]);
});
