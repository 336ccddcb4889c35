/** The status page of a running agent: what it costs, however many ask. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statusPage } from "../../src/control/page.ts";
import { startAgent } from "../../src/core/configure.ts";
import { pageMaker } from "../../src/daemon/page-body.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { statusOf, type StatusSources } from "../../src/daemon/status.ts";
import { STATUS } from "../control/fixtures.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

function sourcesOf(services: number): StatusSources {
  const clock = manualClock();
  const plan = planOf(...Array.from({ length: services }, (_, nth) => `s${nth}`));
  const bridge = { phase: "ready", identity: undefined, acks: "on", queued: 0, inFlight: 0 };
  return {
    moment: { nowMs: 5000, wallMs: Date.UTC(2026, 0, 1) },
    version: "0",
    since: "2026-01-01T00:00:00.000Z",
    pop: "test1",
    config: STATUS.config,
    state: startAgent(plan, new Map(), [], 0).state,
    bridge: { status: () => ({ ...bridge, sessions: new Map() }) as never },
    echo: { state: "unknown", byPrefix: () => new Map() },
    problems: new Problems(clock, memoryLog().log),
  };
}

describe("the page", () => {
  for (const services of [0, 1, 200, 201, 1000]) {
    it(`of ${services} services is that of the whole status`, () => {
      const sources = sourcesOf(services);
      const page = Buffer.from(pageMaker(manualClock(), () => sources)()).toString("utf8");
      assert.equal(page, statusPage(statusOf(sources)));
    });
  }

  it("is made once a second at most", () => {
    const clock = manualClock();
    let asked = 0;
    const sources = sourcesOf(3);
    const page = pageMaker(clock, () => {
      asked += 1;
      return sources;
    });
    const first = page();
    clock.advance(999);
    assert.equal(page(), first);
    assert.equal(asked, 1);
    clock.advance(1);
    page();
    assert.equal(asked, 2);
  });
});
