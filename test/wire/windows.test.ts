/** Maintenance windows: what the router sees of one that is open, and of one that a reload opens or ends. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import {
  FAMILIES,
  PATIENCE,
  stateOf,
  updates,
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
  waitForSessions,
  waitForStatus,
} from "./fixtures.ts";

/** Open from this minute on for longer than the test takes, on whatever side of midnight it runs. */
const NOW = new Date();
const OPEN = `${NOW.getUTCMinutes()} ${NOW.getUTCHours()} * * *`;

const SERVICE = `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2 }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`;
const WINDOW = `${SERVICE}maintenance:
  - { services: [web], cron: "${OPEN}", for: 2h, timezone: UTC, reason: weekly kernel window }
`;

describe("a maintenance window", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ config: WINDOW });
    await waitForSessions(mini);
  });
  after(() => mini.remove());

  async function reload(config: string): Promise<void> {
    mini.pop.writeConfig(config);
    const { status, stderr } = await mini.pop.anyctl("reload");
    assert.equal(status, 0, stderr);
  }

  test("that is open when the agent starts lets nothing be announced", async () => {
    await waitForStatus(
      mini.pop,
      "the checks to be up in the window",
      (seen) => seen.services[0]?.checks.every(({ verdict }) => verdict === "up") === true,
    );
    const announced = updates(mini).filter((update) => update.includes("announced"));
    assert.deepEqual(announced, []);
    const { reason, actor, note } = await waitForDecision(mini.pop, { to: "drained" });
    assert.deepEqual(
      [reason, actor, note],
      ["maintenance-window", "schedule", "weekly kernel window"],
    );
  });

  test("is not ended by `anyctl undrain`, which says so", async () => {
    const undrained = await mini.pop.anyctl("undrain", "web");
    assert.match(undrained.stdout + undrained.stderr, /maintenance window/);
    const status = await waitForStatus(mini.pop, "an answer", () => true);
    assert.equal(stateOf(status, "web"), "drained");
  });

  test("that a reload takes out is over: the routes come back through the checks", async () => {
    await reload(SERVICE);
    await waitForRoutes(mini);
  });

  test("that a reload opens withdraws once for each prefix", async () => {
    const sinceMs = Date.now();
    await reload(WINDOW);
    await waitForNoRoutes(mini);
    for (const family of FAMILIES) {
      await mini.transit.waitForEvent(
        { kind: "withdrawn", session: POP_SESSION[family], prefix: ANYCAST[family].prefix },
        { ...PATIENCE, sinceMs },
      );
    }
    assert.deepEqual(updates(mini, sinceMs), [
      `${POP_SESSION.ipv4} withdrawn ${ANYCAST.ipv4.prefix}`,
      `${POP_SESSION.ipv6} withdrawn ${ANYCAST.ipv6.prefix}`,
    ]);
  });
});
