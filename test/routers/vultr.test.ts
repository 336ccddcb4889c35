/**
 * An upstream as Vultr has it (AS 64515 at 169.254.169.254 and 2001:19f0:ffff::1, TCP MD5, two hops away), with the
 * exabgp.conf that `anyctl init --preset vultr` writes. Needs root.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { repositoryView } from "../lab/exabgp.ts";
import type { Lab } from "../lab/lab.ts";
import type { Namespace } from "../lab/namespace.ts";
import { ANYCAST } from "../lab/pop.ts";
import { REPOSITORY } from "../lab/repository.ts";
import {
  createRouterLab,
  POP_NAME,
  type RouterLab,
  type RouterLink,
  type RouterPopConfig,
} from "../lab/router-lab.ts";
import { waitUntil } from "../lab/wait.ts";
import { waitForStatus } from "../wire/fixtures.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;
const PASSWORD = "Vultr-like_secret.1";

/** What a customer gets there: its own addresses are the uplink's. */
const POP_SIDE = { ipv4: "203.0.113.10", ipv6: "2001:db8:10::10" };

/** Runs the preset on the PoP, which has its addresses by now, and gives ExaBGP what came of it. */
async function byPreset(lab: Lab, pop: Namespace): Promise<RouterPopConfig> {
  // What a program is told of its interfaces leaves out one whose cable the kernel has not looked at yet.
  await waitUntil(
    "the uplink to have a carrier",
    async () => (await pop.exec(["cat", "/sys/class/net/up1/operstate"])) === "up\n" || undefined,
  );
  const output = lab.addFolder("preset");
  const passwordFile = join(output, "password");
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  const configFile = join(lab.folder, POP_NAME, "anyctl.yaml");
  const program = join(REPOSITORY, "bin/anyctl");
  await pop.exec([
    program,
    "init",
    "--preset",
    "vultr",
    "--local-as",
    "64496",
    "--prefix",
    ANYCAST.ipv4.prefix,
    "--prefix",
    ANYCAST.ipv6.prefix,
    "--scope",
    "local",
    "--service",
    "web",
    "--check",
    `${ANYCAST.ipv4.url}healthz`,
    "--md5-password-file",
    passwordFile,
    "--anyctl",
    program,
    "--config",
    configFile,
    "--output",
    output,
  ]);
  const exabgpConf = readFileSync(join(output, "etc/exabgp/exabgp.conf"), "utf8");
  const config = readFileSync(join(output, configFile), "utf8");
  return {
    // ExaBGP sees the repository in the lab's folder; its own user could not enter it elsewhere.
    exabgpConf: exabgpConf.replace(program, join(repositoryView(lab), "bin/anyctl")),
    // The lab writes the name, the state-dir and the socket.
    config: config.replaceAll(/^(?:pop|state-dir|socket): .*\n/gm, ""),
  };
}

describe("an upstream like Vultr's", () => {
  let routerLab: RouterLab;
  let link: RouterLink;
  before(async () => {
    routerLab = await createRouterLab(
      [
        {
          program: "bird",
          as: 64_515,
          password: PASSWORD,
          multihop: 2,
          popSide: POP_SIDE,
          routerSide: { ipv4: "169.254.169.254", ipv6: "2001:19f0:ffff::1" },
        },
      ],
      byPreset,
    );
    const [first] = routerLab.upstreams;
    if (first === undefined) throw new Error("Cannot find the upstream");
    link = first;
  });
  after(() => routerLab.remove());

  test("has the routes of a PoP that the preset has configured", async () => {
    for (const family of FAMILIES) {
      const { nextHop, asPath } = await link.router.waitForRoute(ANYCAST[family].prefix);
      assert.deepEqual({ nextHop, asPath }, { nextHop: POP_SIDE[family], asPath: [64_496] });
    }
    const { sessions } = await waitForStatus(
      routerLab.pop,
      "both sessions to be up",
      (status) => status.sessions.filter(({ state }) => state === "up").length === 2,
    );
    assert.deepEqual(sessions.map(({ neighbor }) => neighbor).toSorted(), [
      "169.254.169.254",
      "2001:19f0:ffff::1",
    ]);
  });

  test("loses them when the service dies", async () => {
    await routerLab.pop.web.kill();
    for (const family of FAMILIES) await link.router.waitForNoRoute(ANYCAST[family].prefix);
    assert.deepEqual(
      FAMILIES.map((family) => link.router.story(ANYCAST[family].prefix)),
      FAMILIES.map(() => ["announced", "withdrawn"]),
    );
  });
});
