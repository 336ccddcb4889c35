/** A service of both families over one IPv4 session, judged at BIRD: the sample of many an exabgp.conf. Needs root. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import { readStatus, waitForStatus } from "../wire/fixtures.ts";

const POP_IPV6 = "fd00:1::2";

const config = (announce = "") => `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2 }
services:
  web:
    prefixes: [${ANYCAST.ipv4.prefix}, "${ANYCAST.ipv6.prefix}"]
    scope: local
${announce}    checks: { page: { type: http, url: "${ANYCAST.ipv4.url}healthz" } }
`;

describe("IPv6 with next-hop self, and an IPv4 session alone", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({
      config: config(),
      startsExabgp: false,
      editExabgpConfig: (text) =>
        text
          .slice(0, text.lastIndexOf("\nneighbor "))
          .replace(/family \{[^}]*\}/, "family { ipv4 unicast; ipv6 unicast; }"),
    });
    const file = join(mini.lab.folder, "fra-transit", "bird.conf");
    const bird = readFileSync(file, "utf8");
    const both = "ipv4 { import all; export none; }; ipv6 { import all; export none; };";
    writeFileSync(file, bird.replaceAll(/ipv[46] \{ import all; export none; \};/g, both));
    await mini.transit.ask("configure");
    await mini.pop.exabgp.start();
  });
  after(() => mini.remove());

  test("IPv4 is announced, IPv6 is not, and the session stays up", async () => {
    const { pop, transit } = mini;
    await transit.waitForRoute(ANYCAST.ipv4.prefix, POP_SESSION.ipv4);
    const { problems, services, sessions } = await waitForStatus(pop, "the problem", (status) =>
      status.problems.some(({ word }) => word === "next-hop-family"),
    );
    assert.match(
      problems.find(({ word }) => word === "next-hop-family")?.detail ?? "",
      /^2001:db8:53::\/48 \(10\.1\.0\.1\) not announced at all: next-hop self .* write next-hop: \{ ipv4: self, ipv6: ADDRESS \}/,
    );
    assert.deepEqual(services[0]?.state, "up");
    assert.deepEqual(
      sessions.map(({ state }) => state),
      ["up"],
    );
    const why = await pop.anyctl("why", ANYCAST.ipv6.prefix);
    assert.match(why.stdout, /No neighbor can have 2001:db8:53::\/48/);
    assert.deepEqual(await transit.routes(ANYCAST.ipv6.prefix), []);
    const drained = await pop.anyctl("drain", "web", "--reason", "CHG-1", "--wait");
    assert.equal(drained.status, 0, drained.stderr);
    const undrained = await pop.anyctl("undrain", "web", "--wait");
    assert.equal(undrained.status, 0, undrained.stderr);
    await transit.waitForRoute(ANYCAST.ipv4.prefix, POP_SESSION.ipv4);
    assert.deepEqual(dropsOf(mini), []);
  });

  test("with an address to be the next hop both arrive, and the problem is over", async () => {
    const { pop, transit } = mini;
    pop.writeConfig(config(`    announce: { next-hop: { ipv4: self, ipv6: "${POP_IPV6}" } }\n`));
    const { status, stdout } = await pop.anyctl("reload");
    assert.equal(status, 0, stdout);
    const route = await transit.waitForRoute(ANYCAST.ipv6.prefix, POP_SESSION.ipv4);
    assert.equal(route.attributes.get("next_hop")?.split(" ")[0], POP_IPV6);
    await waitForStatus(pop, "the end of it", ({ problems }) =>
      problems.every(({ word }) => word !== "next-hop-family"),
    );
    assert.deepEqual(dropsOf(mini), []);
  });

  test("without it again, it is withdrawn, and nothing else", async () => {
    const { pop, transit } = mini;
    pop.writeConfig(config());
    const { status, stdout } = await pop.anyctl("reload");
    assert.equal(status, 0, stdout);
    await transit.waitForNoRoute(ANYCAST.ipv6.prefix, POP_SESSION.ipv4);
    await transit.waitForRoute(ANYCAST.ipv4.prefix, POP_SESSION.ipv4);
    const told = (await readStatus(pop))?.services[0]?.routes.map((one) => one.told);
    assert.deepEqual(told, ["announced", "withdrawn"]);
    assert.deepEqual(dropsOf(mini), []);
  });
});

/** What ended the session. */
function dropsOf({ transit }: MiniLab): string[] {
  const lines = readFileSync(transit.logFile, "utf8").split("\n");
  return lines.filter((line) => line.includes(`${POP_SESSION.ipv4}: Received: `));
}
