import assert from "node:assert/strict";
import { test } from "node:test";
import { UNREAD_BYTES_MAX } from "../src/index.ts";
import { QUESTIONS_UNREAD_BYTES_MAX } from "../src/asking.ts";
import { Harness, HEADER_LINE } from "./harness.ts";
import {
  A,
  B,
  ANNOUNCE_A,
  WITHDRAW_A,
  ANNOUNCE_B,
  WITHDRAW_B,
  BARRIER,
  numbered,
} from "./lines.ts";

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
  for (let index = 0; index < 2000; index += 1) {
    it.bridge.withdraw(numbered(index), () => (settled += 1));
    // Each of a service of its own; those of one large change wait for answers.
    await it.settle();
  }
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

/** Bytes of the commands that were written. */
function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

test("an ExaBGP that hangs again and again is never written more than fits into the pipe", async () => {
  const it = new Harness();
  await it.startReady();
  await it.announce("a", A);
  await it.timers.advance(5000);
  // One by one, so that they are not a large change, which is paced.
  for (let index = 0; index < 3000; index += 1) await it.withdraw("b", numbered(index));
  await it.timers.advance(5000);
  // It reads two lines, answers them, and nothing more for a minute.
  const [announcement, barrier, ...unread] = it.written();
  assert.deepEqual([announcement, barrier], [ANNOUNCE_A, BARRIER]);
  it.say(`done\n${HEADER_LINE}done\n`);
  await it.timers.advance(60_000);
  const bytes = bytesOf([...unread, ...it.written()]);
  assert.ok(bytes > UNREAD_BYTES_MAX && bytes < QUESTIONS_UNREAD_BYTES_MAX, `${bytes} bytes`);
});

test("a forced dialect does not fill the pipe of an ExaBGP that is silent from the start", async () => {
  const it = new Harness({ dialect: 4 });
  it.bridge.start();
  for (let index = 0; index < 5000; index += 1) it.bridge.withdraw(numbered(index), () => {});
  await it.timers.advance(60_000);
  const bytes = bytesOf(it.lines);
  assert.ok(bytes > UNREAD_BYTES_MAX && bytes < QUESTIONS_UNREAD_BYTES_MAX, `${bytes} bytes`);
  // It tells of sessions and answers nothing: it reads.
  it.written();
  for (let turn = 0; turn < 20; turn += 1) {
    it.say("neighbor 192.0.2.1 up\nneighbor 192.0.2.1 down - closed\n");
    await it.timers.advance(5000);
  }
  assert.equal(it.bridge.status().queued, 0);
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
