/** Three routers, a hold time of 9 s: sessions live on, and end in time when ExaBGP hangs. Needs root. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { createRouterLab, HOLD_TIME_S, type RouterLab } from "../lab/router-lab.ts";
import { UPSTREAM_PROGRAMS } from "../lab/upstream.ts";

const CONFIG = `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2 }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
    checks: { alive: { type: file, path: /proc/self/stat } }
`;
const PREFIXES = ["192.0.2.0/24", "2001:db8:53::/48"];

describe(`a hold time of ${HOLD_TIME_S} s`, () => {
  let routerLab: RouterLab;
  before(async () => {
    routerLab = await createRouterLab(
      UPSTREAM_PROGRAMS.map((program, at) => ({ program, as: 64_601 + at })),
      { config: CONFIG },
    );
    for (const { router } of routerLab.upstreams) {
      for (const prefix of PREFIXES) await router.waitForRoute(prefix);
    }
  });
  after(() => routerLab.remove());

  test("is survived three times over, with every router", async () => {
    // Nothing can be waited for: what counts is that nothing happens.
    await delay(3 * HOLD_TIME_S * 1000);
    for (const { router, popSide } of routerLab.upstreams) {
      for (const peer of Object.values(popSide)) assert.ok(await router.isUp(peer), router.name);
      // A session that had ended would have been told the routes once more.
      assert.deepEqual(
        PREFIXES.map((prefix) => router.story(prefix)),
        [["announced"], ["announced"]],
        router.name,
      );
    }
    const ends = routerLab.pop.audit().filter(({ reason }) => reason === "session-down");
    assert.deepEqual(ends, []);
  });

  test("ends the routes of an ExaBGP that hangs", async () => {
    const fromMs = performance.now();
    routerLab.pop.exabgp.signal("SIGSTOP");
    await Promise.all(
      routerLab.upstreams.flatMap(({ router }) =>
        PREFIXES.map((prefix) =>
          router.waitForNoRoute(prefix, { deadlineMs: 2 * HOLD_TIME_S * 1000 }),
        ),
      ),
    );
    // The last keepalive may be as old as a third of the hold time: what ends sooner has not waited for it.
    assert.ok(performance.now() - fromMs > (HOLD_TIME_S * 1000) / 2);
  });
});
