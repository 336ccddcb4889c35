/** An advisory check degrades at the router, and never withdraws. Needs root. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { sendSignal } from "../lab/process.ts";
import { waitUntil } from "../lab/wait.ts";
import {
  FAMILIES,
  PATIENCE,
  readStatus,
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
} from "./fixtures.ts";

/** `backend` is a port that only the test opens; `web` needs two of three by weight, and a second to come back. */
const config = `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2, fall: 3 }
checks:
  page: { type: http, url: "http://192.0.2.53/healthz" }
  backend: { type: tcp, host: 127.0.0.1, port: 9 }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
    announce: { med: 100, communities: ["64496:1"] }
    when: { degraded: { med: 500, communities: ["64496:500"] } }
    require: { weight: 60, hysteresis: 10 }
    min-up-time: 1s
    checks:
      ipv4: { use: page, weight: 30 }
      again: { use: page, weight: 30 }
      backend: { use: backend, advisory: true }
`;

const ADVISER = `import socket
server = socket.create_server(("127.0.0.1", 9))
while True: server.accept()[0].close()`;

/** Type codes of path attributes (RFC 4271 section 5.1, RFC 1997). */
const MED = 4;
const COMMUNITIES = 8;

/** MED 100, 64496:1. */
const UP = "announced 00000064 fbf00001";

/** MED 500, 64496:1 and 64496:500. */
const DEGRADED = "announced 000001f4 fbf00001fbf001f4";

describe("a service with an adviser", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ config });
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  function storiesSince(from: number): string[][] {
    const updates = mini.transit.wireUpdates().slice(from);
    return FAMILIES.map((family) =>
      updates
        .filter(({ prefix }) => prefix === ANYCAST[family].prefix)
        .map(({ kind, attributes }) =>
          [kind, attributes.get(MED), attributes.get(COMMUNITIES)]
            .filter((word) => word !== undefined)
            .join(" "),
        ),
    );
  }

  test("goes to the attributes of when.degraded in one UPDATE while its adviser is down", async () => {
    // Nobody listens on the adviser's port: whatever came first, this is where it ends.
    await waitForDecision(mini.pop, { to: "degraded", reason: "check-degraded" });
    await waitUntil(
      "the attributes of degraded on the wire",
      () => storiesSince(0).every((lines) => lines.at(-1) === DEGRADED) || undefined,
      PATIENCE,
    );
    for (const lines of storiesSince(0)) {
      assert.ok(["", UP].includes(lines.slice(0, -1).join(" ")), lines.join(", "));
    }
    const [web] = (await readStatus(mini.pop))?.services ?? [];
    assert.deepEqual(web?.required, { up: 60, needed: 50, total: 60 });
    assert.deepEqual(
      web?.checks.map(({ name, use, advisory, verdict }) => [name, use, advisory, verdict]),
      [
        ["ipv4", "page", false, "up"],
        ["again", "page", false, "up"],
        ["backend", "backend", true, "down"],
      ],
    );
  });

  test("waited for min-up-time before its first announcement", () => {
    const lines = mini.pop.audit().filter(({ service }) => service === "web");
    const shown = lines.map(({ at, from, to }) => `${at} ${from} -> ${to}`).join("\n");
    // What came before, on a busy machine, was not announced.
    const first = lines.findIndex(({ to }) => to === "up" || to === "degraded");
    const [rising, announced] = lines.slice(first - 1, first + 1);
    assert.equal(rising?.to, "rising", shown);
    const tookMs = Date.parse(announced?.at ?? "") - Date.parse(rising.at);
    // The time is kept on the monotonic clock, and printed from the other.
    assert.ok(tookMs >= 990, shown);
  });

  test("is up again in one UPDATE when the adviser is, and was never withdrawn", async () => {
    const from = mini.transit.wireUpdates().length;
    const logFile = join(mini.pop.folder, "adviser.log");
    const files = { stdoutFile: logFile, stderrFile: logFile };
    const adviser = await mini.pop.namespace.spawn(["python3", "-c", ADVISER], files);
    await waitUntil(
      "the attributes of up on the wire",
      () => storiesSince(from).every((lines) => lines.at(-1) === UP) || undefined,
      PATIENCE,
    );
    assert.deepEqual(storiesSince(from), [[UP], [UP]]);
    sendSignal(adviser, "SIGKILL");
    await waitUntil(
      "the attributes of degraded on the wire again",
      () => storiesSince(from).every((lines) => lines.at(-1) === DEGRADED) || undefined,
      PATIENCE,
    );
    assert.deepEqual(storiesSince(from), [
      [UP, DEGRADED],
      [UP, DEGRADED],
    ]);
  });

  test("is withdrawn when what it requires is down, with the attributes that it had", async () => {
    const from = mini.transit.wireUpdates().length;
    await mini.pop.web.kill();
    await waitForNoRoutes(mini);
    assert.deepEqual(storiesSince(from), [["withdrawn"], ["withdrawn"]]);
    const { check } = await waitForDecision(mini.pop, { from: "degraded", to: "down" });
    assert.equal(check, "ipv4");
  });
});
