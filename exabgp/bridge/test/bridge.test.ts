import assert from "node:assert/strict";
import { test } from "node:test";
import { ANNOUNCEMENTS_IN_FLIGHT_MAX, UNREAD_BYTES_MAX } from "../src/index.ts";
import type { Route } from "../src/index.ts";
import { QUESTIONS_UNREAD_BYTES_MAX } from "../src/questions.ts";
import { Harness, HEADER_LINE } from "./harness.ts";

const A: Route = { prefix: "192.0.2.0/24", nextHop: "self" };
const A_MED: Route = { ...A, med: 200 };
const B: Route = { prefix: "198.51.100.0/24", nextHop: "self" };
const ANNOUNCE_A = "announce route 192.0.2.0/24 next-hop self";
const WITHDRAW_A = "withdraw route 192.0.2.0/24 next-hop self";
const ANNOUNCE_B = "announce route 198.51.100.0/24 next-hop self";
const WITHDRAW_B = "withdraw route 198.51.100.0/24 next-hop self";
const BARRIER = "show neighbor summary";

function numbered(index: number): Route {
  return { prefix: `10.${index >> 8}.${index & 255}.0/24`, nextHop: "self" };
}

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
  for (let index = 0; index < 100; index += 1) it.bridge.announce(numbered(index), () => {});
  await it.settle();
  assert.equal(it.written().length, ANNOUNCEMENTS_IN_FLIGHT_MAX);
  await it.withdraw("b", B);
  assert.deepEqual(it.written(), [WITHDRAW_B]);
  it.say("done\n");
  assert.equal(it.written().length, 1);
  assert.deepEqual([it.bridge.status().inFlight, it.bridge.status().queued], [33, 67]);
});

test("a lost answer ends all that is in flight, and the barrier starts the pairing anew", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.announce("b", B);
  it.say("done\n");
  it.written();
  await it.timers.advance(5000);
  assert.deepEqual(it.outcomes, ["a done", "b timeout"]);
  assert.deepEqual(it.written(), [BARRIER]);
  await it.announce("c", numbered(1));
  await it.withdraw("d", numbered(2));
  assert.deepEqual(it.written(), ["withdraw route 10.0.2.0/24 next-hop self"]);
  it.say(`${HEADER_LINE}done\n`);
  assert.deepEqual(it.written(), ["announce route 10.0.1.0/24 next-hop self"]);
  it.say("done\n");
  it.say("done\n");
  assert.deepEqual(it.outcomes.slice(2), ["d done", "c done"]);
  assert.deepEqual(it.events.slice(1), ["problem answer-timeout"]);
});

test("late answers are not taken for answers to later commands", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.timers.advance(5000);
  await it.withdraw("a2", A);
  assert.deepEqual(it.written(), [ANNOUNCE_A, BARRIER, WITHDRAW_A]);
  it.say("done\n");
  assert.deepEqual(it.outcomes, ["a timeout"]);
  it.say(`${HEADER_LINE}done\ndone\n`);
  assert.deepEqual(it.outcomes, ["a timeout", "a2 done"]);
});

test("while ExaBGP is silent, withdrawals are written up to a bound, and all of them once it answers", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.timers.advance(5000);
  let settled = 0;
  for (let index = 0; index < 2000; index += 1)
    it.bridge.withdraw(numbered(index), () => (settled += 1));
  await it.timers.advance(60_000);
  const written = it.lines.filter((line) => line.startsWith("withdraw")).join("\n").length;
  assert.ok(
    written > UNREAD_BYTES_MAX - 1000 && written < UNREAD_BYTES_MAX + 100,
    `${written} bytes`,
  );
  assert.equal(it.lines.filter((line) => line === BARRIER).length, 14);

  let answered = 3;
  for (let turn = 0; turn < 5000 && it.bridge.status().queued > 0; turn += 1) {
    for (; answered < it.lines.length; answered += 1) {
      it.say(it.lines[answered] === BARRIER ? `${HEADER_LINE}done\n` : "done\n");
    }
    await it.timers.advance(1);
  }
  assert.equal(settled, 2000);
  assert.equal(it.bridge.status().phase, "ready");
});

test("an ExaBGP that never reads is not asked until the pipe is full", async () => {
  const it = new Harness();
  it.bridge.start();
  await it.withdraw("b", B);
  // Without a bound 5 s a question fill the pipe's 64 KiB in six hours.
  await it.timers.advance(24 * 3_600_000);
  const bytes = `${it.written().join("\n")}\n`.length;
  assert.ok(bytes >= QUESTIONS_UNREAD_BYTES_MAX && bytes < QUESTIONS_UNREAD_BYTES_MAX + 100);
  assert.equal(it.problems.at(-1)?.word, "no-answer");
  // One more for each sign of life, whatever it is.
  it.say("neighbor 192.0.2.1 up\nneighbor 192.0.2.1 down\n");
  await it.timers.advance(60_000);
  assert.deepEqual(it.written(), ["system version"]);
  // It wakes up, says what it is, and hangs again.
  it.say("done\nexabgp 4.2.21\ndone\n");
  await it.timers.advance(60_000);
  assert.deepEqual(it.written(), [BARRIER]);
  it.say("exabgp 4.2.21\ndone\n".repeat(3));
  await it.timers.advance(60_000);
  assert.deepEqual(it.written(), [BARRIER]);
  it.say(`${HEADER_LINE}done\n`.repeat(2));
  assert.deepEqual(it.written(), [WITHDRAW_B]);
  it.say("done\n");
  assert.deepEqual(it.outcomes, ["b done"]);
  assert.equal(it.bridge.status().phase, "ready");
});

test("a barrier's answer that was lost is not waited for for ever", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.timers.advance(10_000);
  assert.deepEqual(it.written(), [ANNOUNCE_A, BARRIER, BARRIER]);
  await it.announce("c", B);
  // Only the second one is answered.
  it.say(`${HEADER_LINE}done\n`);
  assert.equal(it.bridge.status().phase, "synchronizing");
  await it.timers.advance(5000);
  assert.deepEqual(it.written(), [BARRIER]);
  it.say(`${HEADER_LINE}done\n`);
  assert.deepEqual(it.written(), [ANNOUNCE_B]);
});

test("a withdrawal between two barriers whose answer is lost ends as timeout", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.timers.advance(9000);
  await it.withdraw("b", B);
  await it.timers.advance(1000);
  assert.deepEqual(it.written(), [ANNOUNCE_A, BARRIER, WITHDRAW_B, BARRIER]);
  it.say(`${HEADER_LINE}done\n`);
  assert.deepEqual(it.outcomes, ["a timeout"]);
  it.say(`${HEADER_LINE}done\n`);
  assert.deepEqual(it.outcomes, ["a timeout", "b timeout"]);
  assert.equal(it.bridge.status().phase, "ready");
});

test("a listing that nobody asked for ends no command", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  it.say(`${HEADER_LINE}done\n`);
  assert.deepEqual(it.outcomes, []);
  it.say("done\ndone\n");
  assert.deepEqual(it.outcomes, ["a done"]);
  assert.deepEqual(it.events.slice(1), ["problem stale-answer"]);
});

test("without acknowledgements commands end as unconfirmed, and the barrier's text bounds them", async () => {
  const it = new Harness();
  it.bridge.start();
  it.say("exabgp 4.2.21\n");
  await it.timers.advance(1000);
  it.say(HEADER_LINE);
  it.say("192.0.2.1       64515     0:01:05 established           1          0\n");
  assert.deepEqual(it.events, ["problem acks-off", "ready 4.2.21 4", "session 192.0.2.1 up"]);
  for (let index = 0; index < 1000; index += 1) await it.announce(`${index}`, numbered(index));
  assert.ok(it.outcomes.every((outcome) => outcome.endsWith("unconfirmed")));
  const before = it.outcomes.length;
  assert.ok(before > 500 && before < 1000);
  assert.equal(it.lines.at(-1), BARRIER);
  it.say(HEADER_LINE);
  await it.settle();
  assert.equal(it.outcomes.length, 1000);
});

test("acknowledgements that exist after all are used", async () => {
  const it = new Harness();
  it.bridge.start();
  it.say("exabgp 4.2.21\n");
  await it.timers.advance(1000);
  it.say(HEADER_LINE);
  await it.announce("a", A);
  it.written();
  // ExaBGP was only slow: the answers to the version, the barrier and the route.
  it.say("done\n");
  assert.deepEqual(it.written(), [BARRIER]);
  it.say("done\ndone\n");
  it.say(`${HEADER_LINE}done\n`);
  await it.announce("b", B);
  assert.deepEqual(it.outcomes, ["a unconfirmed"]);
  it.say("done\n");
  assert.deepEqual(it.outcomes, ["a unconfirmed", "b done"]);
});

test("a forced dialect is used in silence, and the version is believed when it comes", async () => {
  const it = new Harness({ dialect: 6 });
  it.bridge.start();
  await it.timers.advance(10_000);
  assert.deepEqual(it.events, [
    "problem no-answer",
    "problem no-answer",
    "problem acks-off",
    "ready unknown 6",
  ]);
  await it.announce("a", A);
  assert.deepEqual(it.outcomes, ["a unconfirmed"]);
  it.say("exabgp 5.0.13\n");
  assert.deepEqual(it.bridge.status().identity, { version: "5.0.13", dialect: 6 });
  assert.equal(it.events.at(-1), "problem dialect-differs");
});

test("the end of the input closes everything once", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.withdraw("a2", A);
  it.input.emit("end");
  it.input.emit("close");
  await it.announce("b", B);
  assert.deepEqual(it.outcomes, ["a closed", "a2 closed", "b closed"]);
  assert.deepEqual(
    it.events.filter((event) => event === "inputEnd"),
    ["inputEnd"],
  );
  assert.equal(it.bridge.status().phase, "closed");
  assert.equal(it.timers.pending, 0);
});

test("a failing input is reported and is the end", async () => {
  const it = new Harness();
  await it.startReady();
  it.input.emit("error", new Error("EIO"));
  assert.deepEqual(it.events.slice(1), ["problem input-failed", "inputEnd"]);
});

test("stop settles everything, is silent afterwards, and still reads", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  it.bridge.stop();
  await it.settle();
  const before = it.events.length;
  it.say(`${HEADER_LINE}done\nneighbor 192.0.2.1 up\n`);
  it.input.emit("end");
  assert.deepEqual(it.outcomes, ["a closed"]);
  assert.equal(it.events.length, before);
  assert.ok(it.input.listenerCount("data") > 0);
});

test("a line that cannot be written is an error of that command only", async () => {
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
  await it.announce("a", A);
  assert.deepEqual(it.outcomes, ["a error"]);
  isBroken = false;
  await it.announce("b", B);
  it.say("done\n");
  assert.deepEqual(it.outcomes, ["a error", "b done"]);
});

test("a peer cannot flood the owner with problems", async () => {
  const it = new Harness();
  await it.startReady();
  it.say("{ \n".repeat(1000));
  await it.timers.advance(5000);
  it.say("{ \n");
  assert.deepEqual(
    it.problems.map(({ word }) => word),
    ["malformed-line", "malformed-line"],
  );
  assert.match(it.problems[1]?.detail ?? "", /\(and 999 before\)$/);
});

test("an owner that throws does not take the other calls with it", async () => {
  const it = new Harness();
  await it.startReady();
  it.bridge.announce(A, () => {
    throw new Error("owner's bug");
  });
  await it.announce("b", B);
  assert.throws(() => it.say("done\ndone\n"), /owner's bug/);
  await it.announce("c", numbered(1));
  assert.deepEqual(it.outcomes, ["b done"]);
});

test("a route outside the grammar throws and queues nothing", async () => {
  const it = new Harness();
  await it.startReady();
  assert.throws(() => it.bridge.announce({ ...A, nextHop: "self shutdown" }, () => assert.fail()), {
    code: "INVALID_ROUTE",
  });
  await it.settle();
  assert.deepEqual([it.written(), it.bridge.status().queued], [[], 0]);
});
