import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pass } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import type { AgentState } from "../../src/core/state.ts";
import { systemClock } from "../../src/daemon/clock.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { StatusBody } from "../../src/daemon/status-body.ts";
import { statusOf, type StatusSources } from "../../src/daemon/status.ts";
import { STATUS } from "../control/fixtures.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

function sourcesOf(services: number, routes = 1): StatusSources & { state: AgentState } {
  const { pop, services: planned } = planOf(
    ...Array.from({ length: services }, (_, nth) => `s${nth}`),
  );
  const plan = {
    pop,
    services: planned.map((service, at) => ({
      ...service,
      routes: Array.from({ length: routes }, (_, nth) => ({
        prefix: `10.${at}.${nth >> 8}.${nth & 255}/32`,
        nextHop: "self",
      })),
    })),
  };
  const bridge = { phase: "ready", identity: undefined, acks: "on", queued: 0, inFlight: 0 };
  const problems = new Problems(systemClock, memoryLog().log);
  problems.report("state-dir", 'a hostile "services":[ text \u009b2J\u202e');
  return {
    moment: { nowMs: 5000, wallMs: Date.UTC(2026, 0, 1) },
    version: "0",
    since: "2026-01-01T00:00:00.000Z",
    pop: "test1",
    config: { ...STATUS.config, problems: ['"services":['] },
    state: startAgent(plan, new Map(), [], 0).state,
    bridge: { status: () => ({ ...bridge, sessions: new Map() }) as never },
    echo: { state: "unknown", byPrefix: () => new Map() },
    problems,
  };
}

describe("the status as JSON", () => {
  for (const services of [0, 1, 8, 9, 1000]) {
    it(`of ${services} services is the status`, async () => {
      const sources = sourcesOf(services);
      const body = await new StatusBody(systemClock, () => sources).get();
      const text = Buffer.from(body).toString("utf8");
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(statusOf(sources))));
      // curl shows it on terminals.
      assert.match(text, /^[\x20-\x7e]+\n$/);
    });
  }

  for (const routes of [1, 20, 21, 10_000]) {
    it(`of a service with ${routes} routes is the status`, async () => {
      const sources = sourcesOf(2, routes);
      let turns = 0;
      let isDone = false;
      const count = (): void => {
        turns += 1;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);
      const body = await new StatusBody(systemClock, () => sources).get();
      isDone = true;
      const found: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
      assert.deepEqual(found, JSON.parse(JSON.stringify(statusOf(sources))));
      if (routes === 10_000) assert.ok(turns > 3, `${turns} turns`);
    });
  }

  it("lets the loop turn while it is made, from one state", async () => {
    const sources = sourcesOf(5000);
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      const input = { check: "s4999/port", result: pass(), startedMs: 1, elapsedMs: 1 } as const;
      sources.state = step(sources.state, { type: "result", ...input }, 6000).state;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const body = await new StatusBody(systemClock, () => ({ ...sources })).get();
    isDone = true;
    assert.ok(turns > 3, `${turns} turns`);
    assert.ok(
      !Buffer.from(body).toString("utf8").includes('"verdict":"up"'),
      "a later state came in",
    );
  });

  it("is made once for all who ask before it is begun, anew for those who ask later", async () => {
    const sources = sourcesOf(1000);
    let made = 0;
    const body = new StatusBody(systemClock, () => {
      made += 1;
      return sources;
    });
    const first = body.get();
    assert.equal(body.get(), first);
    // It begins in a microtask.
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(made, 1);
    const later = [body.get(), body.get()];
    assert.notEqual(later[0], first);
    await Promise.all([first, ...later]);
    assert.equal(made, 2);
  });

  it("rests four times as long as it took", async () => {
    const clock = manualClock();
    const sources = sourcesOf(1);
    const body = new StatusBody(clock, () => {
      clock.advance(10);
      return sources;
    });
    await body.get();
    let isThere = false;
    const second = body.get().then(() => (isThere = true));
    clock.advance(39);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isThere, false);
    clock.advance(1);
    await second;
  });

  it("is made again after it could not be", async () => {
    const sources = sourcesOf(1);
    let fails = true;
    const body = new StatusBody(systemClock, () => {
      if (fails) throw new Error("no state");
      return sources;
    });
    await assert.rejects(body.get(), /no state/);
    fails = false;
    assert.ok((await body.get()).length > 0);
  });
});
