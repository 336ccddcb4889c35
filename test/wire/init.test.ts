/** What `anyctl init` writes, as it is, under a real ExaBGP with a real router. Needs root. */
import assert from "node:assert/strict";
import { chownSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { tryCommand } from "../lab/command.ts";
import { addressPlan } from "../lab/addresses.ts";
import { repositoryView } from "../lab/exabgp.ts";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST, SERVICE } from "../lab/pop.ts";
import { REPOSITORY } from "../lab/repository.ts";
import { EXABGP_USER, userIds } from "../lab/user.ts";
import { FAMILIES, stateOf, waitForNoRoutes, waitForRoutes, waitForStatus } from "./fixtures.ts";

describe("the files of anyctl init", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ startsExabgp: false });
  });
  after(() => mini.remove());

  test("announce a service that serves, at once withdraw one that dies, and say so", async () => {
    const { lab, pop } = mini;
    const { popAs, transitAs, transit, pop: own } = addressPlan(1);
    const root = lab.addFolder("staged");
    const flags = [
      `--output=${root}`,
      `--config=${pop.configFile}`,
      "--scope=local",
      `--service=${SERVICE}`,
      `--anyctl=${join(repositoryView(lab), "bin/anyctl")}`,
      `--local-as=${popAs}`,
      `--peer-as=${transitAs}`,
      ...FAMILIES.flatMap((family) => [
        `--prefix=${ANYCAST[family].prefix}`,
        `--check=${ANYCAST[family].url}healthz`,
        `--peer=${transit[family]}`,
        `--local-address=${own[family]}`,
      ]),
    ];
    const made = await tryCommand(join(REPOSITORY, "bin/anyctl"), ["init", ...flags]);
    assert.equal(made.status, 0, made.stderr);

    copyFileSync(join(root, "etc/exabgp/exabgp.conf"), pop.exabgpConfigFile);
    chownSync(pop.exabgpConfigFile, 0, userIds(EXABGP_USER).gid);
    // The lab's PoP has folders of its own: state and socket.
    const yaml = readFileSync(join(root, pop.configFile), "utf8");
    pop.writeConfig(yaml.replace(/^pop: .*\n/m, ""));
    const env = readFileSync(join(root, "etc/exabgp/exabgp.env"), "utf8");
    const template = readFileSync(join(REPOSITORY, "exabgp/templates/exabgp.env"), "utf8");
    assert.equal(env, template, "what the lab runs ExaBGP with");

    await pop.exabgp.start();
    await waitForRoutes(mini);
    await waitForStatus(pop, "two sessions and a service", (status) => {
      const up = status.sessions.filter(({ state }) => state === "up");
      return up.length === 2 && stateOf(status, SERVICE) === "up";
    });

    await pop.web.kill();
    await waitForNoRoutes(mini);
    // `hold: damping-safe`: it is back, but not before nobody upstream would damp it.
    await pop.web.start();
    await waitForStatus(pop, "a hold", (status) => stateOf(status, SERVICE) === "held");
  });
});
