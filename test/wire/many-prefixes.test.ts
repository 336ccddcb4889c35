/** Five hundred prefixes in one service. Needs root. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMiniLab } from "../lab/mini-lab.ts";
import { POP_SESSION } from "../lab/region.ts";
import { waitUntil } from "../lab/wait.ts";
import { PATIENCE, waitForDecision } from "./fixtures.ts";

const COUNT = 500;

test("500 prefixes of one service come and go together, by one decision", async (t) => {
  const prefixes = Array.from(
    { length: COUNT },
    (_, nth) => `10.${100 + (nth >> 8)}.${nth & 255}.0/24`,
  );
  const mini = await createMiniLab({
    config: `defaults: { fast-interval: 100ms }
services:
  web:
    prefixes: [${prefixes.join(", ")}]
    scope: local
    announce: { med: 5 }
    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`,
  });
  t.after(() => mini.remove());
  const { pop, transit } = mini;
  const count = (expected: number) =>
    waitUntil(
      `${expected} routes`,
      async () => ((await transit.routeCount(POP_SESSION.ipv4)) === expected ? true : undefined),
      { ...PATIENCE, everyMs: 100 },
    );
  await count(COUNT);
  await pop.web.kill();
  await count(0);
  await pop.web.start();
  await count(COUNT);
  const counters = await transit.counters(POP_SESSION.ipv4);
  assert.deepEqual(
    [counters.announced, counters.repeated, counters.withdrawn],
    [2 * COUNT, 0, COUNT],
    "every prefix was announced twice and withdrawn once",
  );
  const { commands } = await waitForDecision(pop, { to: "up", ack: "done", from: "down" });
  assert.ok(
    commands.every((line) => line.startsWith("announce attributes next-hop self med 5 nlri ")),
  );
  assert.equal(commands.flatMap((line) => line.split(" nlri ")[1]?.split(" ")).length, COUNT);
});
