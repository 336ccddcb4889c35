import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Route, Settlement } from "exabgp-ts-bridge";
import { fail, pass } from "../../checks/probe.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { Expiry } from "../../src/core/inputs.ts";
import type { AuditRecord } from "../../src/control/audit-record.ts";
import { AuditDesk } from "../../src/daemon/audit.ts";
import { Loop } from "../../src/daemon/loop.ts";
import { OwnedFile } from "../../src/daemon/owned.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { SelfWatch } from "../../src/daemon/self-watch.ts";
import { drain } from "../core/fixtures.ts";
import { waitUntil } from "../lab/wait.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

/** A loop whose bridge only notes what it is given; `settle` answers. */
function looping(t: TestContext, ...services: string[]) {
  const folder = temporaryFolder(t);
  const clock = manualClock();
  const { log, lines } = memoryLog();
  const sent: string[] = [];
  const open: ((settlement: Settlement) => void)[] = [];
  const ownedOnDisk: boolean[] = [];
  const send = (verb: string) => (route: Route, settled: (settlement: Settlement) => void) => {
    sent.push(`${verb} ${route.prefix}`);
    ownedOnDisk.push(existsSync(join(folder, "owned.json")) && ownedText().includes(route.prefix));
    open.push(settled);
  };
  const ownedText = () => textOf(join(folder, "owned.json"));
  const records: Omit<AuditRecord, "seq">[] = [];
  const problems = new Problems(clock, log);
  const expiries: Expiry[] = [];
  const watch = new SelfWatch({ clock, log, problems, events: { verdict: () => {} } });
  const first = startAgent(planOf(...services), new Map(), [], clock.nowMs());
  const loop = new Loop(first.state, {
    clock,
    log,
    bridge: { announce: send("announce"), withdraw: send("withdraw") },
    audit: new AuditDesk(clock, { pop: "p", boot: "b", agent: "0" }, (r) => records.push(r)),
    owned: new OwnedFile(folder, "exabgp 1"),
    problems,
    expired: (expiry) => expiries.push(expiry),
    look: () => watch.look(),
  });
  loop.start(first.actions);
  watch.start(loop);
  const settle = (outcome: Settlement["outcome"], line: string | undefined = "a line") =>
    open.shift()?.({ outcome, line, writtenAtMs: clock.nowMs(), ackMs: 1, detail: "" });
  const result = (check: string, outcome: "pass" | "fail") =>
    loop.dispatch({
      type: "result",
      check,
      result: outcome === "pass" ? pass() : fail("refused", "no"),
      startedMs: clock.nowMs(),
      elapsedMs: 1,
    });
  return {
    folder,
    clock,
    sent,
    ownedOnDisk,
    settle,
    result,
    loop,
    watch,
    records,
    problems,
    expiries,
    ownedText,
    lines,
  };
}

/** It is replaced beside the loop: for a moment it has only its new name. */
function textOf(path: string): string {
  for (const name of [path, `${path}.new`, path]) {
    try {
      return readFileSync(name, "utf8");
    } catch {
      // It has just got the next one.
    }
  }
  return "";
}

describe("Loop", () => {
  it("marks a withdrawal in owned.json right behind its line, those that follow soon together", async (t) => {
    const { clock, result, ownedText } = looping(t, "dns", "web");
    result("dns/port", "pass");
    result("web/port", "pass");
    clock.advance(1000);
    const marks = () => ownedText().match(/"isWithdrawn":true/g)?.length ?? 0;
    result("dns/port", "fail");
    assert.equal(marks(), 0);
    clock.advance(0);
    await waitUntil("the first mark", () => marks() === 1 || undefined);
    result("web/port", "fail");
    clock.advance(10);
    assert.equal(marks(), 1);
    clock.advance(10);
    await waitUntil("the second mark", () => marks() === 2 || undefined);
  });

  it("writes owned.json before an announcement, and shrinks it after the withdrawal's answer", async (t) => {
    const { clock, sent, ownedOnDisk, settle, result, ownedText } = looping(t, "dns");
    result("dns/port", "pass");
    assert.deepEqual([sent, ownedOnDisk], [["announce 192.0.2.0/32"], [true]]);
    settle("done");
    result("dns/port", "fail");
    assert.match(ownedText(), /192\.0\.2\.0/);
    settle("done");
    clock.advance(100);
    await waitUntil("less", () => !ownedText().includes("192.0.2.0") || undefined);
  });

  it("writes owned.json at its start, so that one that cannot be written is known at once", (t) => {
    assert.deepEqual(JSON.parse(looping(t, "dns").ownedText()), { life: "exabgp 1", owned: [] });
  });

  it("sends withdrawals before announcements of the same moment", (t) => {
    const { settle, result, loop, sent } = looping(t, "a", "b", "c");
    for (const name of ["a", "b", "c"]) {
      result(`${name}/port`, "pass");
      settle("done");
    }
    const { pop, services } = planOf("a", "b");
    const changed = services.map((service) => ({
      ...service,
      routes: service.routes.map((route) => ({ ...route, med: 9 })),
    }));
    loop.dispatch({
      type: "reload",
      plan: { pop, services: changed },
      actor: "unknown",
      force: false,
    });
    assert.deepEqual(sent.slice(3), [
      "withdraw 192.0.2.2/32",
      "announce 192.0.2.0/32",
      "announce 192.0.2.1/32",
    ]);
  });

  it("repeats a command that failed, ten seconds later", (t) => {
    const { clock, settle, result, sent, lines } = looping(t, "dns");
    result("dns/port", "pass");
    settle("timeout");
    assert.ok(lines.some(({ msg }) => msg === "command failed"));
    clock.advance(9_000);
    assert.equal(sent.length, 1);
    clock.advance(2_000);
    assert.equal(sent.length, 2);
    settle("done");
    clock.advance(60_000);
    assert.equal(sent.length, 2);
  });

  it("takes all answers of a moment in one step, and before whatever happens next", async (t) => {
    const { settle, result, loop } = looping(t, "a", "b");
    for (const check of ["a/port", "b/port"]) result(check, "pass");
    const before = loop.state;
    const answers = () => [...loop.state.routes.values()].map(({ answer }) => answer);
    settle("done");
    settle("done");
    assert.equal(loop.state, before);
    await Promise.resolve();
    assert.deepEqual(answers(), ["done", "done"]);
    for (const check of ["a/port", "b/port"]) result(check, "fail");
    settle("done");
    loop.dispatch({ type: "tick" });
    assert.deepEqual(answers(), ["done", "pending"]);
  });

  it("goes on routing when owned.json cannot be written, and says so until it can", async (t) => {
    const { folder, settle, result, sent, problems, clock, ownedText } = looping(t, "dns");
    mkdirSync(join(folder, "owned.json.new"));
    result("dns/port", "pass");
    assert.deepEqual(sent, ["announce 192.0.2.0/32"]);
    assert.deepEqual(
      problems.list().map(({ word }) => word),
      ["owned-file"],
    );
    settle("done");
    clock.advance(1000);
    assert.equal(problems.list().length, 1);
    // No route changes any more.
    rmdirSync(join(folder, "owned.json.new"));
    await waitUntil("no problem", () => {
      clock.advance(1000);
      return problems.list().length === 0 || undefined;
    });
    assert.match(ownedText(), /192\.0\.2\.0/);
    assert.equal(sent.length, 1);
  });

  it("gives every record the lines and answers of its own decision", (t) => {
    const { settle, result, records } = looping(t, "dns", "web");
    result("dns/port", "pass");
    result("web/port", "pass");
    settle("done", "announce dns");
    assert.equal(records.length, 1);
    settle("error", "announce web");
    assert.deepEqual(
      records.map(({ service, commands, ack }) => [service, commands, ack]),
      [
        ["dns", ["announce dns"], "done"],
        ["web", ["announce web"], "error"],
      ],
    );
  });

  it("ticks when a drain ends, and says whose file is to go", (t) => {
    const { clock, loop, expiries, settle, result } = looping(t, "dns");
    result("dns/port", "pass");
    settle("done");
    const until = { endsAtMs: clock.nowMs() + 250, until: "2026-01-01T00:00:00Z" };
    const drains = [drain({ service: "dns", ...until })];
    loop.dispatch({ type: "drains", drains, undrains: [] });
    settle("done");
    clock.advance(249);
    assert.equal(loop.state.services[0]?.state, "drained");
    clock.advance(1);
    assert.equal(loop.state.services[0]?.state, "starting");
    return Promise.resolve().then(() =>
      assert.deepEqual(expiries, [
        { type: "expired", order: "drain", service: "dns", transient: false },
      ]),
    );
  });

  it("looks for a stall before anything else happens, and once", (t) => {
    const { clock, loop, watch, settle, result } = looping(t, "dns");
    const { pop, services } = planOf("dns");
    const plan = { pop, services: services.map((one) => ({ ...one, minUpTimeMs: 5000 })) };
    loop.dispatch({ type: "reload", plan, actor: "unknown", force: false });
    result("dns/port", "pass");
    clock.stall(60_000);
    // As when the inode of a drain's folder has changed: heard before any timer.
    loop.dispatch({ type: "pins", pins: [], unpins: [] });
    assert.deepEqual([loop.state.services[0]?.state, watch.stalls.count], ["rising", 1]);
    clock.advance(4999);
    assert.equal(loop.state.services[0]?.state, "rising");
    clock.advance(1);
    settle("done");
    assert.deepEqual([loop.state.services[0]?.state, watch.stalls.count], ["up", 1]);
  });

  it("does not spin because of a drain that ends next year: timers hold 24.8 days", (t) => {
    const { clock, loop } = looping(t, "dns");
    const delays: number[] = [];
    const after = clock.after.bind(clock);
    clock.after = (delayMs, run) => {
      delays.push(delayMs);
      return after(delayMs, run);
    };
    const endsAtMs = clock.nowMs() + 365 * 24 * 3_600_000;
    loop.dispatch({ type: "drains", drains: [drain({ service: "dns", endsAtMs })], undrains: [] });
    // Besides the moment in which the withdrawal is written down.
    assert.equal(delays.filter((ms) => ms > 1000).length, 1);
    assert.ok(Math.max(...delays) < 2 ** 31, String(delays));
  });
});
