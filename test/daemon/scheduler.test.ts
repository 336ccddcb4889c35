import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { EventEmitter, once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import type { Attempt } from "../../checks/attempt.ts";
import { CheckSchema } from "../../checks/registry.ts";
import { createProbeContext } from "../../checks/context.ts";
import type { CheckPlan } from "../../src/config/plan.ts";
import { Scheduler } from "../../src/daemon/scheduler.ts";
import { manualClock, tcpCheck } from "./fixtures.ts";

/** A scheduler on a clock of the test's, against a real listener. */
async function scheduling(t: TestContext, paceMs: (attempt: Attempt) => number = () => 1000) {
  const requests = new EventEmitter();
  const accepted = { count: 0 };
  const server = createServer((socket: Socket) => {
    accepted.count += 1;
    requests.emit("connection");
    socket.on("error", () => {}).on("data", () => requests.emit("request"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const clock = manualClock();
  const seen: { id: string; atMs: number; attempt: Attempt }[] = [];
  const waiting: (() => void)[] = [];
  const startMs = clock.nowMs();
  const scheduler = new Scheduler({
    clock,
    context: createProbeContext(),
    attempted(check: CheckPlan, attempt) {
      seen.push({ id: check.id, atMs: attempt.startedMs - startMs, attempt });
      waiting.splice(0).forEach((resolve) => resolve());
      return paceMs(attempt);
    },
    heard: () => {},
  });
  t.after(() => scheduler.stop());
  /** Resolves with the next result. */
  const result = () => new Promise<void>((resolve) => waiting.push(resolve));
  /** Resolves when the service is asked something the next time. */
  const request = () => once(requests, "request");
  /** Resolves with how many there were so far, when there were `count`. */
  const connections = async (count: number) => {
    while (accepted.count < count) await once(requests, "connection");
    return accepted.count;
  };
  return { port: portOf(server), clock, scheduler, seen, result, request, connections };
}

describe("Scheduler", () => {
  it("starts the next attempt the pause after the start of the last", async (t) => {
    const { port, clock, scheduler, seen, result } = await scheduling(t, () => 250);
    scheduler.update([tcpCheck("a/port", port)]);
    for (const stepMs of [0, 250, 250]) {
      const next = result();
      clock.advance(stepMs);
      await next;
    }
    assert.deepEqual(
      seen.map(({ atMs }) => atMs),
      [0, 250, 500],
    );
    assert.ok(seen.every(({ attempt }) => attempt.result.outcome === "pass"));
  });

  it("spreads first attempts over the interval", async (t) => {
    const { port, clock, scheduler, seen, result } = await scheduling(t);
    scheduler.update(["a", "b", "c", "d"].map((name) => tcpCheck(`${name}/port`, port)));
    for (const stepMs of [0, 250, 250, 250]) {
      const next = result();
      clock.advance(stepMs);
      await next;
    }
    assert.deepEqual(
      seen.map(({ id, atMs }) => `${id} ${atMs}`),
      ["a/port 0", "b/port 250", "c/port 500", "d/port 750"],
    );
  });

  it("never makes two attempts of one check at once, however slow the target", async (t) => {
    const { port, clock, scheduler, seen, result, request } = await scheduling(t, () => 10);
    const spec = CheckSchema.parse({ type: "http", url: `http://127.0.0.1:${port}/silent` });
    scheduler.update([{ ...tcpCheck("a/web", port), spec }]);
    const first = result();
    let asked = request();
    clock.advance(0);
    await asked;
    clock.advance(499);
    assert.equal(seen.length, 0);
    asked = request();
    clock.advance(1);
    await first;
    const second = result();
    clock.advance(0);
    await asked;
    clock.advance(500);
    await second;
    assert.deepEqual(
      seen.map(({ atMs, attempt }) => [atMs, attempt.result.reason]),
      [
        [0, "timeout"],
        [500, "timeout"],
      ],
    );
  });

  it("leaves a check that stays the same alone, and forgets one that goes", async (t) => {
    const { port, clock, scheduler, seen, result } = await scheduling(t);
    const same = tcpCheck("a/port", port);
    scheduler.update([same, tcpCheck("b/port", port)]);
    let next = result();
    clock.advance(0);
    await next;
    clock.advance(400);
    // Had it been started anew, it would be due at once.
    scheduler.update([structuredClone(same)]);
    clock.advance(599);
    assert.deepEqual(
      seen.map(({ id }) => id),
      ["a/port"],
    );
    next = result();
    clock.advance(1);
    await next;
    assert.deepEqual(
      seen.map(({ id, atMs }) => `${id} ${atMs}`),
      ["a/port 0", "a/port 1000"],
    );
  });

  it("probes once for all uses of a shared check, and each gets the result", async (t) => {
    const { port, clock, scheduler, seen, result, connections } = await scheduling(t);
    const use = (service: string, changes: Partial<CheckPlan> = {}): CheckPlan => ({
      ...tcpCheck(`${service}/shared`, port),
      use: "backend",
      ...changes,
    });
    scheduler.update([use("a"), use("b", { rise: 2 }), tcpCheck("c/own", port)]);
    for (const stepMs of [0, 500]) {
      const next = result();
      clock.advance(stepMs);
      await next;
    }
    assert.deepEqual(
      seen.map(({ id, atMs }) => `${id} ${atMs}`),
      ["a/shared 0", "b/shared 0", "c/own 500"],
    );
    // One that comes gets a result at once, and the others too; one that goes disturbs nobody.
    const next = result();
    scheduler.update([use("b", { rise: 2 }), use("d"), tcpCheck("c/own", port)]);
    clock.advance(0);
    await next;
    assert.deepEqual(
      seen.slice(3).map(({ id, atMs }) => `${id} ${atMs}`),
      ["b/shared 500", "d/shared 500"],
    );
    assert.equal(await connections(3), 3);
  });

  it("goes on when a shared check is called otherwise, and whoever joins then shares it", async (t) => {
    const { port, clock, scheduler, seen, result, connections } = await scheduling(t);
    const use = (service: string, name: string): CheckPlan => ({
      ...tcpCheck(`${service}/shared`, port),
      use: name,
    });
    scheduler.update([use("a", "backend")]);
    const first = result();
    clock.advance(0);
    await first;
    scheduler.update([use("a", "origin")]);
    clock.advance(999);
    assert.equal(seen.length, 1);
    const next = result();
    scheduler.update([use("a", "origin"), use("b", "origin")]);
    clock.advance(0);
    await next;
    assert.deepEqual(
      seen.map(({ id, atMs }) => `${id} ${atMs}`),
      ["a/shared 0", "a/shared 999", "b/shared 999"],
    );
    assert.equal(await connections(2), 2);
  });

  it("does not share a probe that has another target or timeout", async (t) => {
    const { port, clock, scheduler, seen, result } = await scheduling(t);
    const plans = [
      tcpCheck("a/shared", port),
      tcpCheck("b/shared", port, { timeoutMs: 400 }),
      { ...tcpCheck("c/shared", port), spec: tcpCheck("c/shared", 9).spec },
    ].map((plan) => ({ ...plan, use: "backend" }));
    scheduler.update(plans);
    for (const stepMs of [0, 333, 333]) {
      const next = result();
      clock.advance(stepMs);
      await next;
    }
    assert.deepEqual(
      seen.map(({ id, atMs }) => `${id} ${atMs}`),
      ["a/shared 0", "b/shared 333", "c/shared 666"],
    );
  });

  it("waits with one timer for a thousand checks, and with none when it has stopped", async (t) => {
    const { clock, scheduler } = await scheduling(t);
    scheduler.update(Array.from({ length: 1000 }, (_, nth) => tcpCheck(`s${nth}/port`, 9)));
    assert.equal(clock.pending, 1);
    scheduler.stop();
    assert.equal(clock.pending, 0);
  });

  it("throws away the result of an attempt that was under way when its check went", async (t) => {
    const { port, clock, scheduler, seen } = await scheduling(t);
    const server = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    scheduler.update([tcpCheck("a/port", portOf(server))]);
    const accepted = once(server, "connection");
    clock.advance(0);
    scheduler.update([]);
    await accepted;
    // A later attempt of another check is heard, so the first one's result was heard before and dropped.
    scheduler.update([tcpCheck("b/port", port)]);
    clock.advance(0);
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      seen.map(({ id }) => id),
      ["b/port"],
    );
  });
});

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
