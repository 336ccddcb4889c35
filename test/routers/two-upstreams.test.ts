/** One PoP, two upstreams with policies of their own: BIRD and FRR. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ANYCAST } from "../lab/pop.ts";
import { createRouterLab, type RouterLab, type RouterLink } from "../lab/router-lab.ts";
import { BIRD_POLICY, FRR_POLICY } from "./policies.ts";
import { waitForStatus } from "../wire/fixtures.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;

const PAGE = `{ page: { type: http, url: "${ANYCAST.ipv4.url}healthz" } }`;
const ALIVE = "{ alive: { type: file, path: /proc/self/stat } }";

const CONFIG = `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2 }
services:
  web:
    prefixes: [${ANYCAST.ipv4.prefix}, "${ANYCAST.ipv6.prefix}"]
    scope: local
    announce: { communities: ["64601:80", "64602:70"] }
    drain-delay: 5m
    checks: ${PAGE}
  first:
    prefixes: [198.51.100.1/32, "2001:db8:1::/48"]
    scope: local
    announce: { neighbors: [10.20.1.1, "fd20:1::1"] }
    checks: ${ALIVE}
  second:
    prefixes: [198.51.100.2/32, "2001:db8:2::/48"]
    scope: local
    announce: { neighbors: [10.20.2.1, "fd20:2::1"] }
    checks: ${ALIVE}
  refused:
    prefixes: [198.51.100.3/32]
    scope: local
    announce: { communities: ["64602:0"] }
    checks: ${ALIVE}
`;
const FIRST = ["198.51.100.1/32", "2001:db8:1::/48"];
const SECOND = ["198.51.100.2/32", "2001:db8:2::/48"];

describe("two upstreams of one PoP", () => {
  let routerLab: RouterLab;
  let bird: RouterLink;
  let frr: RouterLink;
  before(async () => {
    routerLab = await createRouterLab(
      [
        { program: "bird", as: 64_601, importPolicy: "customer", more: BIRD_POLICY },
        { program: "frr", as: 64_602, importPolicy: "customer", more: FRR_POLICY },
      ],
      { config: CONFIG },
    );
    const [one, two] = routerLab.upstreams;
    if (one === undefined || two === undefined) throw new Error("Cannot find both upstreams");
    [bird, frr] = [one, two];
  });
  after(() => routerLab.remove());

  const preferences = async (prefix: string, fits: (preference?: number) => boolean = () => true) =>
    Promise.all(
      [bird, frr].map(async ({ router }) => {
        const found = await router.waitForRoute(prefix, {
          fits: ({ localPreference }) => fits(localPreference),
        });
        return found.localPreference;
      }),
    );

  test("each prefers the route as its own community says", async () => {
    for (const family of FAMILIES) {
      assert.deepEqual(await preferences(ANYCAST[family].prefix), [80, 70]);
    }
  });

  test("a service with `neighbors` is announced to these, and never to another", async () => {
    for (const prefix of FIRST) await bird.router.waitForRoute(prefix);
    for (const prefix of SECOND) await frr.router.waitForRoute(prefix);
    const heard = ({ router }: RouterLink) =>
      [...FIRST, ...SECOND].filter((prefix) => router.story(prefix).length > 0);
    assert.deepEqual([heard(bird), heard(frr)], [FIRST, SECOND]);
  });

  test("one takes what the other refuses", async () => {
    await bird.router.waitForRoute("198.51.100.3/32");
    assert.deepEqual(frr.router.story("198.51.100.3/32"), ["announced"]);
    const taken = (await frr.router.routes()).map(({ prefix }) => prefix);
    assert.ok(!taken.includes("198.51.100.3/32"));
  });

  test("both prefer every other route to one that is being drained", async () => {
    const drained = await routerLab.pop.anyctl("drain", "web", "--reason", "CHG-1");
    assert.equal(drained.status, 0, drained.stderr);
    assert.deepEqual(await preferences(ANYCAST.ipv4.prefix, (it) => it === 0), [0, 0]);
    // The stage ends when it has been seen, not by the clock.
    const graceful = ["--graceful", "0s"];
    const ended = await routerLab.pop.anyctl("drain", "web", "--reason", "CHG-1", ...graceful);
    assert.equal(ended.status, 0, ended.stderr);
    for (const { router } of [bird, frr]) {
      for (const family of FAMILIES) await router.waitForNoRoute(ANYCAST[family].prefix);
    }
    const undrained = await routerLab.pop.anyctl("undrain", "web");
    assert.equal(undrained.status, 0, undrained.stderr);
    assert.deepEqual(await preferences(ANYCAST.ipv4.prefix), [80, 70]);
  });

  test("a session down leaves the other upstream as it is, and status says so", async () => {
    const from = bird.router.changes().length;
    for (const family of FAMILIES) {
      await frr.router.setSession(frr.popSide[family], "disabled");
      await frr.router.waitForSessionDown(frr.popSide[family]);
    }
    const { sessions } = await waitForStatus(
      routerLab.pop,
      "two sessions to be down",
      (status) => status.sessions.filter(({ state }) => state === "down").length === 2,
    );
    assert.deepEqual(sessions.map(({ neighbor, state }) => `${neighbor} ${state}`).toSorted(), [
      "10.20.1.1 up",
      "10.20.2.1 down",
      "fd20:1::1 up",
      "fd20:2::1 down",
    ]);
    assert.equal(bird.router.changes().length, from, "BIRD heard nothing");
  });

  test("what is withdrawn meanwhile is not announced when the session is back", async () => {
    await routerLab.pop.web.kill();
    for (const family of FAMILIES) await bird.router.waitForNoRoute(ANYCAST[family].prefix);
    const from = frr.router.changes().length;
    for (const family of FAMILIES) await frr.router.setSession(frr.popSide[family], "enabled");
    for (const prefix of SECOND) await frr.router.waitForRoute(prefix);
    const heard = frr.router.changes().slice(from);
    assert.deepEqual(
      heard.filter(({ prefix }) => FAMILIES.some((family) => prefix === ANYCAST[family].prefix)),
      [],
    );
  });
});
