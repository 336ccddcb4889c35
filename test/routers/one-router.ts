/** What must be so with every router as the upstream, over eBGP and iBGP: the tests of one program. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ANYCAST } from "../lab/pop.ts";
import { waitUntil } from "../lab/wait.ts";
import {
  createRouterLab,
  POP_AS,
  type RouterLab,
  type RouterLink,
  type RouterLinkOptions,
} from "../lab/router-lab.ts";
import type { UpstreamProgram } from "../lab/upstream.ts";
import {
  assertExpected,
  describeRoute,
  GOLDEN_SERVICES,
  goldenPrefixes,
  goldenServices,
} from "./golden.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;

/** eBGP is tried the hard way: a password, and a router in between. */
const LINKS = {
  ebgp: { as: 64_600, password: "lab-secret", multihop: 2 },
  ibgp: { as: POP_AS },
} as const satisfies Record<string, Omit<RouterLinkOptions, "program">>;

/** LOCAL_PREF of a route with 65535:0 over eBGP (RFC 8326 section 4.1 wants 0) without any policy; 100 is BIRD's default. */
const SHUT_DOWN_PREFERENCE = { bird: 100, frr: 0, gobgp: undefined } as const satisfies Record<
  UpstreamProgram,
  number | undefined
>;

const CONFIG = `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2 }
services:
  web:
    prefixes: [${ANYCAST.ipv4.prefix}, "${ANYCAST.ipv6.prefix}"]
    scope: local
    announce: { med: 100, communities: ["64496:1"] }
    drain-delay: 5m
    checks: { page: { type: http, url: "${ANYCAST.ipv4.url}healthz" } }
${goldenServices()}`;

/** @param more Tests of this router alone, after the common ones. */
export function testRouter(
  program: UpstreamProgram,
  more: (session: keyof typeof LINKS, link: () => RouterLink) => void = () => {},
): void {
  for (const session of ["ebgp", "ibgp"] as const) {
    describe(`${program}, ${session}`, () => {
      let created: RouterLab | undefined;
      const routerLab = (): RouterLab => {
        if (created === undefined) throw new Error("Cannot use the lab: it was not built");
        return created;
      };
      const link = (): RouterLink => {
        const [first] = routerLab().upstreams;
        if (first === undefined) throw new Error("Cannot find the upstream");
        return first;
      };
      before(async () => {
        created = await createRouterLab([{ ...LINKS[session], program }], { config: CONFIG });
      });
      after(() => created?.remove());

      test("decodes every attribute as it was configured", async () => {
        const { router } = link();
        const lines: string[] = [];
        const prefixes = GOLDEN_SERVICES.flatMap((it) => Object.values(goldenPrefixes(it)));
        // Heard is not taken: over iBGP a router refuses a path with its own AS in it (RFC 4271 section 9.1.2).
        await waitUntil(
          "every route to be heard",
          () => prefixes.every((it) => router.story(it).length > 0) || undefined,
          { deadlineMs: 90_000, hint: router.logFile },
        );
        const routes = new Map((await router.routes()).map((it) => [it.prefix, it]));
        for (const service of GOLDEN_SERVICES) {
          lines.push(`# ${service}`);
          for (const prefix of Object.values(goldenPrefixes(service))) {
            const route = routes.get(prefix);
            lines.push(
              route === undefined ? `${prefix} heard, not taken` : describeRoute(route, session),
            );
          }
        }
        assertExpected(`${session}.txt`, `${lines.join("\n")}\n`);
      });

      test("takes a staged drain as one replacement and one withdrawal", async () => {
        const { router } = link();
        const { pop } = routerLab();
        for (const family of FAMILIES) await router.waitForRoute(ANYCAST[family].prefix);
        const from = FAMILIES.map((family) => router.story(ANYCAST[family].prefix).length);
        const drained = await pop.anyctl("drain", "web", "--reason", "CHG-1");
        assert.equal(drained.status, 0, drained.stderr);
        const { communities } = await router.waitForRoute(ANYCAST.ipv6.prefix, {
          fits: (route) => route.communities.includes("65535:0"),
        });
        assert.deepEqual(communities, ["64496:1", "65535:0"]);
        // The stage ends when it has been seen, not by the clock.
        const ended = await pop.anyctl("drain", "web", "--reason", "CHG-1", "--graceful", "0s");
        assert.equal(ended.status, 0, ended.stderr);
        for (const family of FAMILIES) await router.waitForNoRoute(ANYCAST[family].prefix);
        assert.deepEqual(
          FAMILIES.map((family, at) => router.story(ANYCAST[family].prefix).slice(from[at])),
          FAMILIES.map(() => ["announced", "withdrawn"]),
        );
      });

      test("has the route again after the drain, and loses it when the service dies", async () => {
        const { router } = link();
        const { pop } = routerLab();
        const undrained = await pop.anyctl("undrain", "web");
        assert.equal(undrained.status, 0, undrained.stderr);
        for (const family of FAMILIES) await router.waitForRoute(ANYCAST[family].prefix);
        const from = FAMILIES.map((family) => router.story(ANYCAST[family].prefix).length);
        await pop.web.kill();
        for (const family of FAMILIES) await router.waitForNoRoute(ANYCAST[family].prefix);
        assert.deepEqual(
          FAMILIES.map((family, at) => router.story(ANYCAST[family].prefix).slice(from[at])),
          FAMILIES.map(() => ["withdrawn"]),
        );
        await router.waitForRoute(goldenPrefixes("plain").ipv4);
      });
      if (session === "ebgp") {
        test("prefers a route in GRACEFUL_SHUTDOWN as it does by itself", async () => {
          const { localPreference } = await link().router.waitForRoute(
            goldenPrefixes("names").ipv4,
          );
          assert.equal(localPreference, SHUT_DOWN_PREFERENCE[program]);
        });
      }
      more(session, link);
    });
  }
}
