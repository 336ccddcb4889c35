// What people see: the files in test/cli/status are to be looked at. UPDATE_EXPECTED=1 writes them anew.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Status } from "../../src/control/protocol.ts";
import { STATUS } from "../control/fixtures.ts";
import { run } from "./fake-io.ts";
import { makePop, startAgent } from "./pop.ts";
import { drain } from "../core/fixtures.ts";

const [DNS] = STATUS.services;
if (DNS === undefined) throw new Error("the fixture has a service");
const [ROUTE] = DNS.routes;
const [CHECK] = DNS.checks;
if (ROUTE === undefined || CHECK === undefined) throw new Error("the service has both");
const OUT = { ...ROUTE, wanted: "withdraw", told: "withdrawn" } as const;

/** Everything that can be wrong at once, with text from outside that a terminal would obey. */
const TROUBLE: Status = {
  ...STATUS,
  config: {
    ...STATUS.config,
    origin: "last-good",
    current: false,
    problems: ["anyctl.yaml:3:1: servces: is not a key; allowed: services"],
  },
  exabgp: { ...STATUS.exabgp, acks: "off" },
  sessions: [
    ...STATUS.sessions,
    { neighbor: "198.51.100.2", state: "down", reason: "peer reset, \u001b]0;title\u0007" },
  ],
  services: [
    {
      ...DNS,
      routes: Array.from({ length: 5 }, (_, nth) => ({ ...ROUTE, prefix: `192.0.2.${nth}/32` })),
    },
    {
      ...DNS,
      name: "web",
      state: "down",
      reason: "check-down",
      routes: [{ ...ROUTE, prefix: "2001:db8:53::/48", wanted: "withdraw", answer: "pending" }],
      checks: [
        {
          ...CHECK,
          name: "page",
          type: "http",
          verdict: "down",
          last: {
            ...CHECK.last,
            outcome: "fail",
            reason: "wrong-status",
            detail: "503\u202E",
            at: "",
            elapsedMs: 12.3,
          },
        },
        {
          ...CHECK,
          name: "port",
          streak: "1/3",
          last: undefined,
          listening: false,
          event: {
            word: "connection-lost",
            detail: "closed by \u001b[2J",
            at: "2026-01-01T00:00:09.000Z",
            settled: false,
          },
        },
      ],
    },
    { ...DNS, name: "idle", state: "starting", reason: "check-unknown", routes: [], checks: [] },
    { ...DNS, name: "mail", state: "drained", reason: "operator-drain", routes: [OUT], checks: [] },
  ],
  drains: [
    drain({
      service: "mail",
      reason: "two\nlines \u001b[2J",
      by: "uid:1000(ann)",
      since: "2025-12-29T00:00:00Z",
    }),
    drain({ service: "gone", problem: "is not JSON" }),
  ],
  problems: [{ since: "2026-01-01T00:00:00.000Z", word: "state-dir", detail: "ENOSPC" }],
};

const STARTING: Status = {
  ...STATUS,
  config: {
    path: "/etc/anyctl/anyctl.yaml",
    hash: "",
    origin: "none",
    current: false,
    problems: ["anyctl.yaml:1:1: the file is empty"],
  },
  exabgp: { phase: "greeting", acks: "unknown", echo: "unknown", queued: 0, inFlight: 1 },
  services: [],
  sessions: [],
};

const HEARD = ROUTE.neighbors[0];
if (HEARD === undefined) throw new Error("somebody hears the route");

/** Four neighbors: one is meant and not known, one has what it is not to have, one was sent something else. */
const NEIGHBORS: Status = {
  ...STATUS,
  services: [
    {
      ...DNS,
      routes: ["192.0.2.0/24", "203.0.113.0/24"].map((prefix) => ({
        ...ROUTE,
        prefix,
        neighbors: [
          HEARD,
          { ...HEARD, neighbor: "198.51.100.2", sent: "withdraw" as const },
          { ...HEARD, neighbor: "198.51.100.3", session: "unknown", held: "no", sent: "unknown" },
          { ...HEARD, neighbor: "2001:db8::4", wanted: "withdraw", accepted: "withdraw" },
        ],
      })),
    },
  ],
};

/** One waits, one could not be judged again yet, one has a past. */
const HELD: Status = {
  ...STATUS,
  services: [
    {
      ...DNS,
      state: "held",
      reason: "flapping",
      heldUntil: "2026-01-01T00:24:52.000Z",
      withdrawals: 3,
      routes: [OUT],
    },
    { ...DNS, name: "web", withdrawals: 1 },
  ],
};

/** One check cannot be judged, and the host was asleep. */
const BLIND: Status = {
  ...STATUS,
  services: [
    {
      ...DNS,
      checks: [
        {
          ...CHECK,
          staleSince: "2025-12-31T23:58:00.000Z",
          last: {
            outcome: "inconclusive",
            reason: "no-descriptors",
            detail: "connect EMFILE 127.0.0.1:53",
            at: "2026-01-01T00:00:09.000Z",
            elapsedMs: 0.1,
          },
        },
        { ...CHECK, name: "port" },
      ],
    },
  ],
  problems: [
    {
      since: "2025-12-31T23:58:03.000Z",
      word: "inconclusive-checks",
      detail:
        "1 of 2 checks cannot be judged, 1 of them stale: no-descriptors (dns/resolver: connect EMFILE 127.0.0.1:53)",
    },
  ],
};

/** The adviser of one is down, one takes its time. */
const COMPOSED: Status = {
  ...STATUS,
  services: [
    {
      ...DNS,
      state: "degraded",
      reason: "check-degraded",
      required: { up: 40, needed: 40, total: 70 },
      routes: [{ ...ROUTE, variant: "degraded" }],
      checks: [
        { ...CHECK, weight: 40 },
        { ...CHECK, name: "spare", weight: 30, use: "port" },
        { ...CHECK, name: "backend", advisory: true, use: "origin", verdict: "down" },
      ],
    },
    {
      ...DNS,
      name: "web",
      state: "rising",
      reason: "min-up-time",
      announcesAt: "2026-01-01T00:00:52.000Z",
      routes: [{ ...OUT, wanted: "leave" }],
    },
  ],
};

/** A staged drain, one of the PoP, a window, a pin. */
const ORDERS: Status = {
  ...STATUS,
  services: [
    {
      ...DNS,
      state: "draining",
      reason: "operator-drain",
      withdrawsAt: "2026-01-01T00:00:52.000Z",
    },
    { ...DNS, name: "web", state: "pinned", reason: "pinned" },
    { ...DNS, name: "mail", state: "drained", reason: "maintenance-window", routes: [OUT] },
  ],
  drains: [
    drain({
      service: "dns",
      reason: "upgrade, CHG-1234",
      by: "uid:1000(ann)",
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-01-01T02:00:10.000Z",
    }),
    drain({
      service: "mail",
      kind: "window",
      reason: "kernels",
      by: "schedule",
      until: "2026-01-01T00:00:09Z",
    }),
    drain({
      service: "_all",
      reason: "moving racks",
      by: "uid:1001(ben)",
      since: "2025-12-31T23:00:00Z",
    }),
  ].map(({ startedMs: _started, endsAtMs: _ends, ...shown }) => shown),
  pins: [
    {
      service: "web",
      reason: "the check is wrong",
      by: "uid:1000(ann)",
      since: "2026-01-01T00:00:05.000Z",
      until: "2026-01-01T01:00:05.000Z",
    },
  ],
};

const cases = [
  { name: "orders", status: ORDERS, argv: [], color: false },
  { name: "narrow", status: TROUBLE, argv: [], color: false, columns: 60 },
  { name: "very-narrow", status: ORDERS, argv: [], color: false, columns: 20 },
  { name: "neighbors", status: NEIGHBORS, argv: [], color: false },
  { name: "blind", status: BLIND, argv: [], color: false },
  { name: "held", status: HELD, argv: [], color: false },
  { name: "composed", status: COMPOSED, argv: [], color: false },
  { name: "well", status: STATUS, argv: [], color: false },
  { name: "trouble", status: TROUBLE, argv: [], color: false },
  { name: "trouble-in-color", status: TROUBLE, argv: [], color: true },
  { name: "one-service", status: TROUBLE, argv: ["dns"], color: false },
  { name: "starting", status: STARTING, argv: [], color: false },
];

describe("status for people", () => {
  for (const { name, status: told, argv, color, columns } of cases) {
    it(name, async (context) => {
      const pop = makePop(context);
      await startAgent(context, pop, told);
      const world = { color, columns, env: { ANYCTL_CONFIG: pop.configPath } };
      const { status, out, err } = await run(["status", ...argv], world);
      assert.deepEqual([status, err], [0, ""]);
      const shown = out.replaceAll("\u001b", "<ESC>");
      const file = new URL(`../../../test/cli/status/${name}.txt`, import.meta.url);
      if (process.env["UPDATE_EXPECTED"] === "1") writeFileSync(file, shown);
      assert.equal(shown, readFileSync(file, "utf8"));
      assert.match(stripVTControlCharacters(out), /^[\n\x20-\x7e]+$/);
      assert.doesNotMatch(shown, / \n/);
    });
  }
});

describe("status for programs", () => {
  it("is the agent's own, with nothing that a terminal obeys", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop, TROUBLE);
    const { status, out } = await run(["status", "--json", "--config", pop.configPath]);
    assert.equal(status, 0);
    // What is undefined is not told.
    assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(TROUBLE)));
    assert.match(out, /^[\n\x20-\x7e]+$/);
  });

  it("is one service where one is asked for", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop, TROUBLE);
    const { out } = await run(["status", "mail", "--json", "--config", pop.configPath]);
    assert.deepEqual(JSON.parse(out), TROUBLE.services[3]);
  });
});

describe("no status", () => {
  it("of a service that there is not: 1, with those that there are", async (context) => {
    const pop = makePop(context);
    const services = Array.from({ length: 25 }, (_, nth) => ({ ...DNS, name: `s${nth}` }));
    await startAgent(context, pop, { services });
    const { status, out, err } = await run(["status", "dsn", "--config", pop.configPath]);
    assert.deepEqual([status, out], [1, ""]);
    assert.match(
      err,
      /^anyctl: There is no service dsn; there are: s0, s1, .*, s19, and 5 more\n$/,
    );
  });

  it("without an agent: 3, and what to do", async (context) => {
    const pop = makePop(context);
    for (const argv of [["status"], ["status", "--json"], ["status", "dns"]]) {
      const { status, out, err } = await run([...argv, "--config", pop.configPath]);
      assert.deepEqual([status, out], [3, ""]);
      assert.equal(
        err,
        `anyctl: The agent does not answer on "${pop.socketPath}": there is no such socket, so no agent runs with this configuration; is ExaBGP running, and is this the agent's configuration (--config)?\n`,
      );
    }
  });

  it("from an agent whose configuration is invalid: its socket is found all the same", async (context) => {
    const pop = makePop(context, "services: nonsense\n  - [\n");
    await startAgent(context, pop);
    const { status } = await run(["status", "--config", pop.configPath]);
    assert.equal(status, 0);
  });
});
