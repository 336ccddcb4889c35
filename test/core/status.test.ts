import assert from "node:assert/strict";
import { it } from "node:test";
import { fail } from "../../checks/probe.ts";
import { step } from "../../src/core/agent.ts";
import { startAgent } from "../../src/core/configure.ts";
import { servicesStatus } from "../../src/core/status.ts";

it("tells states, routes and checks with dates and streaks", () => {
  const plan = {
    pop: "test1",
    services: [
      {
        name: "web",
        require: "all",
        shared: "all",
        routes: [{ prefix: "192.0.2.0/24", nextHop: "self" }],
        checks: [
          {
            id: "web/port",
            name: "port",
            rise: 2,
            fall: 3,
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
  assert.deepEqual(servicesStatus(state, { nowMs: 2000, wallMs: Date.UTC(2026, 0, 1) }), [
    {
      name: "web",
      state: "starting",
      reason: "check-unknown",
      since: "2025-12-31T23:59:59.000Z",
      routes: [{ prefix: "192.0.2.0/24", wanted: "leave", told: "unknown", answer: "none" }],
      checks: [
        {
          name: "port",
          type: "tcp",
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
