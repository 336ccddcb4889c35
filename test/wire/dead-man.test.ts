/** The agent's event loop is blocked: what the router sees. Needs root. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { repositoryView } from "../lab/exabgp.ts";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import { wallClockMs } from "../lab/wait.ts";
import { PATIENCE, stateOf, updates, waitForRoutes, waitForStatus } from "./fixtures.ts";

const KEPT = "198.51.100.0/24";

const CONFIG = `defaults: { interval: 200ms, timeout: 200ms, rise: 3, fall: 3 }
services:
  web:
    prefixes: [${ANYCAST.ipv4.prefix}, "${ANYCAST.ipv6.prefix}"]
    scope: local
    announce: { med: 100, communities: ["64496:1", "64496:2"] }
    checks: { here: { type: file, path: /etc/hostname } }
  kept:
    prefixes: [${KEPT}]
    scope: local
    on-stall: keep
    checks: { here: { type: file, path: /etc/hostname } }
`;

/** Has the agent blocked by SIGUSR2, through the environment: it has no way of its own. */
function makeBlockable({ lab, pop }: MiniLab): void {
  const view = repositoryView(lab);
  const wrapper = join(pop.folder, "blockable");
  const preload = join(view, "dist/test/daemon/block-loop.js");
  writeFileSync(
    wrapper,
    `#!/bin/sh
NODE_OPTIONS=--import=${preload} BLOCK_MS=60000 exec ${view}/bin/anyctl "$@"
`,
  );
  chmodSync(wrapper, 0o755);
  const text = readFileSync(pop.exabgpConfigFile, "utf8");
  writeFileSync(pop.exabgpConfigFile, text.replace(`${view}/bin/anyctl`, wrapper));
}

describe("an agent whose event loop is blocked", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ startsWeb: false, startsExabgp: false, config: CONFIG });
    makeBlockable(mini);
    await mini.pop.exabgp.start();
    await waitForRoutes(mini);
    await mini.transit.waitForRoute(KEPT, POP_SESSION.ipv4, PATIENCE);
  });
  after(() => mini.remove());

  test("is off the wire, comes back, and what is to be kept stays", async () => {
    const { pop } = mini;
    const status = await waitForStatus(pop, "every route to be acknowledged", ({ services }) =>
      services.every(({ routes }) => routes.every(({ answer }) => answer === "done")),
    );
    const blockedMs = wallClockMs();
    process.kill(status.agent.pid, "SIGUSR2");
    const pid = await pop.exabgp.waitForAgent({ ...PATIENCE, otherThan: status.agent.pid });
    await waitForStatus(pop, "the next agent to have announced", (seen) => {
      const isThere = seen.agent.pid === pid && stateOf(seen, "web") === "up";
      return (
        isThere &&
        seen.services.every(({ routes }) => routes.every(({ answer }) => answer === "done"))
      );
    });
    await waitForRoutes(mini);
    // Also of the kept one nothing.
    assert.deepEqual(updates(mini, blockedMs), [
      "pop4 withdrawn 192.0.2.0/24",
      "pop4 announced 192.0.2.0/24",
      "pop6 withdrawn 2001:db8:53::/48",
      "pop6 announced 2001:db8:53::/48",
    ]);
    const withdrawn = mini.transit
      .events()
      .filter(({ atMs, kind }) => atMs >= blockedMs && kind === "withdrawn");
    const tookMs = Math.max(...withdrawn.map(({ atMs }) => atMs)) - blockedMs;
    assert.ok(tookMs >= 1300 && tookMs < 5000, `took ${tookMs} ms`);
    const record = pop.audit().find(({ reason }) => reason === "dead-man");
    assert.deepEqual(
      [record?.service, record?.["prefixes"], record?.ack],
      ["web", [ANYCAST.ipv4.prefix, ANYCAST.ipv6.prefix], "done"],
    );
    const attributes = "next-hop self med 100 community [ 64496:1 64496:2 ]";
    assert.deepEqual(record?.commands, [
      `withdraw route ${ANYCAST.ipv4.prefix} ${attributes}`,
      `withdraw route ${ANYCAST.ipv6.prefix} ${attributes}`,
    ]);
  });
});
