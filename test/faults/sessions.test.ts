/** Sessions that are lost while services fail and recover: what the router has in the end. Needs root. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { wallClockMs } from "../lab/wait.ts";
import { PATIENCE, waitForStatus } from "../wire/fixtures.ts";
import {
  createSessionLab,
  type Name,
  NAMES,
  prefixesOf,
  SESSION,
  type SessionLab,
  UP_AT_LAST,
} from "./session-lab.ts";

describe("a session that is lost while services fail and recover", () => {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-sessions-"));
  let lab: SessionLab;
  before(async () => {
    chmodSync(folder, 0o755);
    lab = await createSessionLab(folder);
  });
  after(async () => {
    await lab.mini.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test("again and again: never announces what is down, and ends as wanted", async () => {
    const RESTARTS = 2;
    const CHANGES = 12;
    await lab.reset();
    const { pop, transit } = lab.mini;
    const dead: readonly Name[] = ["flickers", "recovers", "away"];
    const toggled = NAMES.filter((name) => !dead.includes(name));
    const sinceMs = wallClockMs();
    for (let nth = 0; nth < RESTARTS; nth += 1) {
      const fromMs = wallClockMs();
      const restarted = transit.ask(`restart ${SESSION}`);
      for (let change = 0; change < CHANGES; change += 1) {
        lab.toggle(toggled[(nth + change * 3) % toggled.length] ?? "stays");
        // Some changes are seen by the agent, others are not: as long as one answer takes.
        await waitForStatus(pop, "an answer", () => true);
      }
      await restarted;
      await lab.lost(fromMs);
      await transit.waitForSession(SESSION, PATIENCE);
    }
    const upAtLast = toggled.filter((_, nth) => nth % 2 === 0);
    for (const name of toggled) lab.set(name, upAtLast.includes(name));
    await lab.waitForTable(upAtLast);
    const wrong = [...lab.announcedSince(sinceMs)].filter((it) => prefixesOf(dead).has(it));
    assert.deepEqual(wrong, []);
  });

  const cut = "add table inet cut; add chain inet cut out { type filter hook output priority 0; }";
  const losses = [
    {
      name: "because the router ends it",
      breaks: () => lab.mini.transit.ask(`disable ${SESSION}`),
      mends: () => lab.mini.transit.ask(`enable ${SESSION}`),
    },
    {
      name: "because nothing gets through",
      breaks: () =>
        lab.mini.pop.namespace.exec(["nft", `${cut}; add rule inet cut out tcp dport 179 drop`]),
      mends: () => lab.mini.pop.namespace.exec(["nft", "delete table inet cut"]),
    },
    {
      name: "because its cable is pulled",
      breaks: () => lab.mini.transit.namespace.ip(["link set pop down"]),
      mends: () => lab.mini.transit.namespace.ip(["link set pop up"]),
    },
  ];
  for (const { name, breaks, mends } of losses) {
    test(`${name}: what comes back with it is what is up then, and nothing else is heard`, async () => {
      await lab.reset();
      const sinceMs = wallClockMs();
      await breaks();
      let mendedMs = Infinity;
      try {
        await lab.lost(sinceMs);
        await lab.tell();
        mendedMs = wallClockMs();
      } finally {
        await mends();
      }
      await lab.waitForTable(UP_AT_LAST);
      assert.deepEqual(lab.announcedSince(mendedMs), prefixesOf(UP_AT_LAST));
    });
  }
});
