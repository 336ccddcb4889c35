/** What the host itself knows decides: an address that goes, a flag file that comes. Needs root. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { waitForDecision, waitForNoRoutes, waitForRoutes } from "./fixtures.ts";

const CONFIG = (flag: string): string => `
defaults: { interval: 1s, fast-interval: 100ms, timeout: 500ms, rise: 3, fall: 3 }
services:
  web:
    prefixes: [${ANYCAST.ipv4.prefix}, "${ANYCAST.ipv6.prefix}"]
    scope: local
    checks:
      own: { type: address }
      flag: { type: file, path: ${flag}, exists: false, trigger: ${flag} }
`;

describe("a service judged by what the host knows", () => {
  let mini: MiniLab;
  let flag = "";
  before(async () => {
    mini = await createMiniLab();
    flag = join(mini.pop.folder, "nologin");
    mini.pop.writeConfig(CONFIG(flag));
    await mini.pop.anyctl("reload");
    await waitForRoutes(mini);
    await waitForDecision(mini.pop, { reason: "all-checks-up" });
  });
  after(() => mini.remove());

  test("an address of one prefix goes: all are withdrawn, and the record names it", async () => {
    const { namespace } = mini.pop;
    const lines = (await namespace.exec(["ip", "-o", "address", "show", "to", ANYCAST.ipv6.prefix]))
      .trim()
      .split(/\s+/);
    const [, device = "", , address = ""] = lines;
    await namespace.ip([`address delete ${address} dev ${device}`]);
    await waitForNoRoutes(mini);
    const { evidence } = await waitForDecision(mini.pop, { to: "down", check: "own" });
    assert.equal(evidence, `not-assigned: 1 of 2 not on an interface: ${ANYCAST.ipv6.prefix}`);
    await namespace.ip([`address add ${address} dev ${device} nodad`]);
    await waitForRoutes(mini);
    await waitForDecision(mini.pop, { to: "up" });
  });

  test("a flag file comes: it is heard, and withdrawn after fall", async () => {
    writeFileSync(flag, "");
    await waitForNoRoutes(mini);
    const { evidence } = await waitForDecision(mini.pop, { to: "down", check: "flag" });
    assert.equal(evidence, "exists: a regular file is there");
    rmSync(flag);
    await waitForRoutes(mini);
  });
});
