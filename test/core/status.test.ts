import assert from "node:assert/strict";
import { it } from "node:test";
import { fail, pass, type Result } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import { servicesStatus } from "../../src/core/status.ts";
import { drain, REQUIRED, UNSTAGED } from "./fixtures.ts";

it("tells states, routes and checks with dates and streaks", () => {
  const plan = {
    pop: "test1",
    services: [
      {
        name: "web",
        require: "all",
        shared: "all",
        routes: [{ prefix: "192.0.2.0/24", nextHop: "self" }],
        ...UNSTAGED,
        checks: [
          {
            id: "web/port",
            name: "port",
            rise: 2,
            fall: 3,
            ...REQUIRED,
            timing: { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 },
            spec: { type: "tcp", host: "127.0.0.1", port: 80, watch: false },
          },
        ],
      },
    ],
  } as const;
  const started = startAgent(plan, new Map(), [], 1000);
  const result = fail("refused", "127.0.0.1:80 refused the connection");
  const { state } = step(
    started.state,
    { type: "result", check: "web/port", result, startedMs: 1500, elapsedMs: 1.25 },
    1502,
  );
  const update = { neighbor: "198.51.100.1", action: "announce", at: "2026-01-01" } as const;
  const sent = new Map([["192.0.2.0/24", [update]]]);
  assert.deepEqual(servicesStatus(state, { nowMs: 2000, wallMs: Date.UTC(2026, 0, 1) }, sent), [
    {
      name: "web",
      state: "starting",
      reason: "check-unknown",
      since: "2025-12-31T23:59:59.000Z",
      required: { up: 0, needed: 1, total: 1 },
      routes: [
        {
          prefix: "192.0.2.0/24",
          wanted: "leave",
          variant: undefined,
          told: "unknown",
          answer: "none",
          sent: [update],
          neighbors: [
            {
              neighbor: "198.51.100.1",
              session: "unknown",
              wanted: "leave",
              accepted: "unknown",
              held: "unknown",
              sent: "announce",
            },
          ],
        },
      ],
      checks: [
        {
          name: "port",
          type: "tcp",
          advisory: false,
          weight: 1,
          verdict: "unknown",
          since: "2025-12-31T23:59:59.000Z",
          streak: "1/3",
          last: {
            outcome: "fail",
            reason: "refused",
            detail: "127.0.0.1:80 refused the connection",
            at: "2025-12-31T23:59:59.501Z",
            elapsedMs: 1.3,
          },
        },
      ],
    },
  ]);
});

it("says since when a state is what it is, and not since when its reason is", () => {
  const check = (name: string) => ({
    id: `web/${name}`,
    name,
    rise: 1,
    fall: 1,
    ...REQUIRED,
    timing: { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 },
    spec: { type: "tcp", host: "127.0.0.1", port: 80, watch: false } as const,
  });
  const routes = [{ prefix: "192.0.2.0/24", nextHop: "self" }];
  const when = { degraded: routes };
  const checks = [check("a"), check("b")];
  const plan = {
    pop: "test1",
    services: [{ name: "web", require: "any", shared: "all", routes, ...UNSTAGED, when, checks }],
  } as const;
  let { state } = startAgent(plan, new Map(), [], 0);
  const take = (name: string, result: Result, atMs: number) => {
    const input = { type: "result", check: name, result, startedMs: atMs, elapsedMs: 0 } as const;
    ({ state } = step(state, input, atMs));
    const [service] = servicesStatus(state, { nowMs: atMs, wallMs: atMs }, new Map());
    return [service?.state, service?.reason, service?.since.slice(17)];
  };
  assert.deepEqual(take("web/a", pass(), 1000), ["up", "enough-checks-up", "01.000Z"]);
  assert.deepEqual(take("web/b", pass(), 2000), ["up", "all-checks-up", "01.000Z"]);
  assert.deepEqual(take("web/a", fail("refused", ""), 3000), [
    "degraded",
    "check-degraded",
    "03.000Z",
  ]);
  assert.deepEqual(take("web/b", fail("refused", ""), 4000), ["down", "check-down", "04.000Z"]);
});

it("says when a service that is draining is withdrawn", () => {
  const check = {
    id: "web/port",
    name: "port",
    rise: 1,
    fall: 1,
    ...REQUIRED,
    timing: { intervalMs: 1000, fastIntervalMs: 500, slowIntervalMs: 1000, timeoutMs: 500 },
    spec: { type: "tcp", host: "127.0.0.1", port: 80, watch: false },
  } as const;
  const routes = [{ prefix: "192.0.2.0/24", nextHop: "self" }];
  const plan = {
    pop: "test1",
    services: [
      {
        name: "web",
        require: "all",
        shared: "all",
        routes,
        ...UNSTAGED,
        when: { draining: routes },
        drainDelayMs: 60_000,
        checks: [check],
      },
    ],
  } as const;
  let { state } = startAgent(plan, new Map(), [], 0);
  const take = (input: Parameters<typeof step>[1], atMs: number) => {
    ({ state } = step(state, input, atMs));
    const [service] = servicesStatus(state, { nowMs: atMs, wallMs: atMs }, new Map());
    return [service?.state, service?.withdrawsAt?.slice(14)];
  };
  const result = { type: "result", check: "web/port", startedMs: 0, elapsedMs: 0 } as const;
  assert.deepEqual(take({ ...result, result: pass() }, 1000), ["up", undefined]);
  const drains = [drain({ service: "web", startedMs: 2000 })];
  const drained = { type: "drains", drains, undrains: [] } as const;
  assert.deepEqual(take(drained, 2000), ["draining", "01:02.000Z"]);
  assert.deepEqual(take({ type: "tick" }, 62_000), ["drained", undefined]);
});
