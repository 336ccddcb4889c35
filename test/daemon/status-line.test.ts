import assert from "node:assert/strict";
import { test } from "node:test";
import type { BridgeStatus } from "exabgp-ts-bridge";
import { startAgent } from "../../src/core/configure.ts";
import type { ServiceState } from "../../src/core/state.ts";
import { Problems, type ProblemKind } from "../../src/daemon/problems.ts";
import { statusLine } from "../../src/daemon/status-line.ts";
import { manualClock, memoryLog, planOf } from "./fixtures.ts";

interface Case {
  readonly line: string;
  /** Of each service: whether it is announced. Default: the agent is still starting. */
  readonly services?: readonly Pick<ServiceState, "state" | "held">[];
  readonly origin?: "file" | "last-good" | "none";
  readonly current?: boolean;
  readonly version?: string;
  readonly sessions?: readonly ("up" | "down")[];
  readonly problems?: readonly ProblemKind[];
}

const UP = { state: "up", held: "announce" } as const;

const cases: readonly Case[] = [
  { line: "starting; ExaBGP has not answered yet" },
  {
    line: "3 of 3 services announced; ExaBGP 4.2.21, 2 of 2 sessions up",
    services: [UP, UP, { ...UP, state: "pinned" }],
    version: "4.2.21",
    sessions: ["up", "up"],
  },
  {
    line: "2 of 5 services announced, 1 draining, 2 drained, 1 down; ExaBGP 5.0.15, 1 of 2 sessions up",
    services: [
      UP,
      { state: "draining", held: "announce" },
      { state: "drained", held: "withdraw" },
      { state: "down", held: "withdraw" },
      { state: "drained", held: "withdraw" },
    ],
    version: "5.0.15",
    sessions: ["up", "down"],
  },
  {
    line: "invalid configuration: last good one in force; 1 of 1 service announced; ExaBGP 4.2.21, no session known; problems: audit-file, journal",
    services: [UP],
    origin: "last-good",
    current: false,
    version: "4.2.21",
    problems: ["journal", "configuration", "audit-file", "watchdog"],
  },
  {
    line: "invalid configuration: one before in force; starting; ExaBGP has not answered yet",
    current: false,
  },
  {
    line: "no usable configuration; 0 of 0 services announced; ExaBGP has not answered yet",
    services: [],
    origin: "none",
    current: false,
  },
];

for (const { line, ...facts } of cases) {
  test(`systemctl status shows: ${line}`, () => {
    const { services, origin = "file", current = true, version, sessions = [] } = facts;
    const clock = manualClock();
    const problems = new Problems(clock, memoryLog().log);
    for (const word of facts.problems ?? []) problems.report(word, "\nREADY=1 by an operator");
    const names = (services ?? []).map((_, nth) => `s${nth}`);
    const { state } = startAgent(planOf(...names), new Map(), [], clock.nowMs());
    const bridge: BridgeStatus = {
      phase: "ready",
      identity: version === undefined ? undefined : { version, dialect: 4 },
      acks: "on",
      queued: 0,
      inFlight: 0,
      unreadBytes: 0,
      sessions: new Map(
        sessions.map((one, nth) => [
          `192.0.2.${nth}`,
          { neighbor: `192.0.2.${nth}`, state: one, reason: "by a peer" },
        ]),
      ),
      lastHeardAtMs: undefined,
      linesDropped: 0,
    };
    const config = { path: "/a", hash: "", origin, current, problems: ["by an operator"] };
    const judged = state.services.map((one, at) => ({ ...one, ...services?.[at] }));
    const known = services === undefined ? undefined : { ...state, services: judged };
    const text = statusLine({ state: known, bridge: { status: () => bridge }, config, problems });
    assert.equal(text, line);
  });
}
