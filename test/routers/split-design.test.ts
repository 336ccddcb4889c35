/**
 * BIRD on the PoP holds the provider's sessions and takes the routes from ExaBGP on the same host, with the files of
 * docs/split-design.md. The provider is FRR. Needs root.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fillTemplate } from "../../src/cli/init/template.ts";
import { askBird } from "../lab/bird-control.ts";
import { repositoryView } from "../lab/exabgp.ts";
import type { Lab } from "../lab/lab.ts";
import type { Namespace } from "../lab/namespace.ts";
import { ANYCAST } from "../lab/pop.ts";
import { REPOSITORY } from "../lab/repository.ts";
import {
  createRouterLab,
  POP_AS,
  POP_NAME,
  type RouterLab,
  type RouterLink,
  type RouterPopConfig,
} from "../lab/router-lab.ts";
import { waitUntil } from "../lab/wait.ts";
import { stateOf, waitForStatus } from "../wire/fixtures.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;
const PROVIDER_AS = 64_600;
const PASSWORD = "lab-secret";
const UPLINK = { ipv4: "10.20.1.2", ipv6: "fd20:1::2" };

const CONFIG = `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2 }
services:
  web:
    prefixes: [${ANYCAST.ipv4.prefix}, "${ANYCAST.ipv6.prefix}"]
    scope: local
    announce:
      next-hop: { ipv4: ${UPLINK.ipv4}, ipv6: "${UPLINK.ipv6}" }
      med: 100
      communities: ["64600:1"]
      large-communities: ["64600:1:2"]
      extended-communities: ["target:64600:3"]
      local-as: ${POP_AS}
    drain-delay: 5m
    checks: { page: { type: http, url: "${ANYCAST.ipv4.url}healthz" } }
  stray:
    prefixes: [198.51.100.0/24]
    scope: local
    announce: { next-hop: ${UPLINK.ipv4} }
    checks: { alive: { type: file, path: /proc/self/stat } }
`;

const VALUES = {
  ROUTER_ID: UPLINK.ipv4,
  LOCAL_AS: String(POP_AS),
  PEER_AS: String(PROVIDER_AS),
  LOCAL_IPV4: UPLINK.ipv4,
  PEER_IPV4: "10.20.1.1",
  LOCAL_IPV6: UPLINK.ipv6,
  PEER_IPV6: "fd20:1::1",
  PREFIX_IPV4: ANYCAST.ipv4.prefix,
  PREFIX_IPV6: ANYCAST.ipv6.prefix,
  MD5_PASSWORD: PASSWORD,
};

const template = (file: string): string =>
  readFileSync(join(REPOSITORY, "exabgp/templates/split", file), "utf8");

/** Starts BIRD on the PoP. */
async function startBird(lab: Lab, pop: Namespace): Promise<void> {
  const folder = lab.addFolder("bird");
  const [configFile, socket, output] = ["bird.conf", "bird.ctl", "bird.out"].map((it) =>
    join(folder, it),
  );
  if (configFile === undefined || socket === undefined || output === undefined) return;
  const log = `log "${join(folder, "bird.log")}" all;`;
  writeFileSync(
    configFile,
    fillTemplate(template("bird.conf"), VALUES).replace("log syslog all;", log),
  );
  await pop.spawn(["bird", "-f", "-c", configFile, "-s", socket], {
    stdoutFile: output,
    stderrFile: output,
  });
  await waitUntil("BIRD of the PoP", () => askBird(socket, "show status").catch(() => undefined), {
    hint: output,
  });
}

async function configure(lab: Lab, pop: Namespace): Promise<RouterPopConfig> {
  await startBird(lab, pop);
  const exabgpConf = fillTemplate(template("exabgp.conf"), {
    ...VALUES,
    ANYCTL: join(repositoryView(lab), "bin/anyctl"),
    CONFIG: join(lab.folder, POP_NAME, "anyctl.yaml"),
  });
  return { config: CONFIG, exabgpConf };
}

describe("BIRD between ExaBGP and the provider", () => {
  let routerLab: RouterLab;
  let provider: RouterLink["router"];
  before(async () => {
    routerLab = await createRouterLab(
      [{ program: "frr", as: PROVIDER_AS, password: PASSWORD }],
      configure,
    );
    const [first] = routerLab.upstreams;
    if (first === undefined) throw new Error("Cannot find the provider");
    provider = first.router;
  });
  after(() => routerLab.remove());

  const stories = () => FAMILIES.map((family) => provider.story(ANYCAST[family].prefix));

  test("hands the routes on with a next hop that the provider can use", async () => {
    for (const family of FAMILIES) {
      const { peer, nextHop, localPreference, ...rest } = await provider.waitForRoute(
        ANYCAST[family].prefix,
      );
      assert.deepEqual([peer, nextHop], [UPLINK[family], UPLINK[family]]);
      assert.equal(localPreference, undefined);
      assert.deepEqual(rest, {
        prefix: ANYCAST[family].prefix,
        origin: "igp",
        asPath: [POP_AS],
        med: 100,
        communities: ["64600:1"],
        largeCommunities: ["64600:1:2"],
        extendedCommunities: ["target:64600:3"],
      });
    }
  });

  test("keeps back what is not this PoP's to announce", async () => {
    await waitForStatus(routerLab.pop, "stray to be up", (it) => stateOf(it, "stray") === "up");
    assert.deepEqual(provider.story("198.51.100.0/24"), []);
  });

  test("hands on both stages of a drain, the prepends too", async () => {
    const drained = await routerLab.pop.anyctl("drain", "web", "--reason", "CHG-1");
    assert.equal(drained.status, 0, drained.stderr);
    for (const family of FAMILIES) {
      const { asPath } = await provider.waitForRoute(ANYCAST[family].prefix, {
        fits: (route) => route.communities.includes("65535:0"),
      });
      // ExaBGP writes its own AS four times, BIRD once more.
      assert.deepEqual(asPath, [POP_AS, POP_AS, POP_AS, POP_AS, POP_AS]);
    }
    // The stage ends when it has been seen, not by the clock.
    const graceful = ["--graceful", "0s"];
    const ended = await routerLab.pop.anyctl("drain", "web", "--reason", "CHG-1", ...graceful);
    assert.equal(ended.status, 0, ended.stderr);
    for (const family of FAMILIES) await provider.waitForNoRoute(ANYCAST[family].prefix);
    assert.deepEqual(
      stories(),
      FAMILIES.map(() => ["announced", "announced", "withdrawn"]),
    );
    const undrained = await routerLab.pop.anyctl("undrain", "web");
    assert.equal(undrained.status, 0, undrained.stderr);
    for (const family of FAMILIES) await provider.waitForRoute(ANYCAST[family].prefix);
  });

  test("a killed agent costs the provider no UPDATE", async () => {
    const { exabgp } = routerLab.pop;
    const from = provider.changes().length;
    const pid = await exabgp.waitForAgent();
    process.kill(pid, "SIGKILL");
    await exabgp.waitForAgent({ otherThan: pid });
    await waitForStatus(
      routerLab.pop,
      "the new agent to find web up",
      (status) => stateOf(status, "web") === "up",
    );
    assert.deepEqual(provider.changes().slice(from), []);
  });

  test("a dead service leaves, and comes back", async () => {
    await routerLab.pop.web.kill();
    for (const family of FAMILIES) await provider.waitForNoRoute(ANYCAST[family].prefix);
    await routerLab.pop.web.start();
    for (const family of FAMILIES) await provider.waitForRoute(ANYCAST[family].prefix);
  });

  test("a killed ExaBGP leaves at once, and the provider's sessions stay", async () => {
    const from = provider.changes().length;
    await routerLab.pop.exabgp.stop("SIGKILL");
    for (const family of FAMILIES) await provider.waitForNoRoute(ANYCAST[family].prefix);
    assert.deepEqual(
      provider
        .changes()
        .slice(from)
        .map(({ prefix, kind }) => `${kind} ${prefix}`)
        .toSorted(),
      FAMILIES.map((family) => `withdrawn ${ANYCAST[family].prefix}`).toSorted(),
    );
    for (const family of FAMILIES) assert.ok(await provider.isUp(UPLINK[family]));
  });
});
