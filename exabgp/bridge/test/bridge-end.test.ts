import assert from "node:assert/strict";
import { test } from "node:test";
import { Harness, HEADER_LINE } from "./harness.ts";
import { A, B, WITHDRAW_B } from "./lines.ts";

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
  // Nothing was written, and ExaBGP has refused nothing.
  const { line, writtenAtMs, ackMs } = it.settlements[0]?.settlement ?? {};
  assert.deepEqual([line, writtenAtMs, ackMs], [undefined, undefined, undefined]);
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
  // ExaBGP may say nothing more.
  await it.settle();
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

test("sixty thousand prefixes are settled at the end, in the order in which they were asked for", async () => {
  const it = new Harness();
  await it.startReady();
  const names = Array.from({ length: 60_000 }, (_, nth) => `10.${nth >> 8}.${nth & 255}.0/24`);
  const settled: string[] = [];
  for (const prefix of names) {
    it.bridge.announce({ prefix, nextHop: "self" }, ({ outcome }) =>
      settled.push(`${prefix} ${outcome}`),
    );
  }
  it.bridge.stop();
  await it.settle();
  assert.deepEqual(
    settled,
    names.map((name) => `${name} closed`),
  );
});

test("a command that cannot even be made ends, and holds up nothing", async (t) => {
  const it = new Harness();
  await it.startReady();
  // Written in hexadecimal; nothing else uses this.
  const route = { ...A, extendedCommunities: ["target:4200000000:7"] };
  const pad = t.mock.method(String.prototype, "padStart", () => {
    throw new TypeError("planted");
  });
  it.bridge.withdraw(route, (settlement) => it.settlements.push({ name: "a", settlement }));
  it.bridge.withdraw(B, (settlement) => it.settlements.push({ name: "b", settlement }));
  await it.settle();
  pad.mock.restore();
  assert.deepEqual(it.written(), [WITHDRAW_B]);
  assert.deepEqual(it.outcomes, ["a error"]);
  assert.equal(it.settlements[0]?.settlement.detail, "planted");
  await it.withdraw("a2", route);
  it.say("done\ndone\n");
  assert.deepEqual(it.outcomes.slice(1), ["b done", "a2 done"]);
});
