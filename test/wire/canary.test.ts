/** `anyctl doctor` and its self-test at a real router: it hears one announcement and one withdrawal. Needs root. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { POP_SESSION } from "../lab/region.ts";
import { REPOSITORY } from "../lab/repository.ts";
import { waitUntil } from "../lab/wait.ts";
import { PATIENCE, waitForRoutes, waitForSessions } from "./fixtures.ts";

const PREFIX = "203.0.113.0/24";

describe("doctor", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab();
    await waitForRoutes(mini);
    await waitForSessions(mini);
  });
  after(() => mini.remove());

  /** In the PoP's own network, as its operator would. */
  async function doctor(...more: readonly string[]): Promise<{ out: string; status: string }> {
    const line = [
      join(REPOSITORY, "bin/anyctl"),
      "doctor",
      "--config",
      mini.pop.configFile,
      ...more,
    ];
    const said = await mini.pop.namespace.exec([
      "sh",
      "-c",
      '"$@"; echo "status $?"',
      "sh",
      ...line,
    ]);
    const [, out = "", status = ""] = /^(.*)status (\d+)\n$/s.exec(said) ?? [];
    return { out, status };
  }

  function heard(): string[] {
    return mini.transit
      .events()
      .filter(({ prefix, session }) => prefix === PREFIX && session === POP_SESSION.ipv4)
      .map(({ kind }) => kind);
  }

  test("--canary: the router hears one announcement, and one withdrawal", async () => {
    const { status, stdout, stderr } = await mini.pop.anyctl("doctor", "--canary", PREFIX);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^announced +sent +\S+ ms +to \d/m);
    assert.match(stdout, /^withdrawn +sent +\S+ ms +to \d/m);
    await waitUntil("the withdrawal", () => (heard().length >= 2 ? true : undefined), PATIENCE);
    assert.equal(heard().length, 2, heard().join(" "));
    assert.equal(heard()[1], "withdrawn");
    await waitForRoutes(mini);
  });

  test("finds the running ExaBGP, its files and sessions by itself", async () => {
    const { out } = await doctor("--json");
    const told = JSON.parse(out) as {
      findings: { rule: string; where: string; found: string }[];
      skipped: { rule: string; why: string }[];
    };
    const rules = new Set(told.findings.map(({ rule }) => rule));
    const wrong = [
      "exabgp-conf",
      "process-missing",
      "run-config",
      "agent-silent",
      "address-missing",
      "local-address",
      "session-down",
      "exabgp-twice",
      "family-missing",
      "next-hop-self",
    ];
    assert.deepEqual(
      wrong.filter((rule) => rules.has(rule)),
      [],
      out,
    );
    const unknown = told.skipped.filter(({ why }) => !/systemctl|timedatectl|journal/.test(why));
    assert.deepEqual(unknown, [], "everything but systemd can be looked at");
  });

  test("looks at no addresses but those of ExaBGP", async () => {
    const { stdout } = await mini.pop.anyctl("doctor", "--json");
    const { skipped } = JSON.parse(stdout) as { skipped: { rule: string; why: string }[] };
    const missing = skipped.find(({ rule }) => rule === "address-missing");
    assert.match(missing?.why ?? "", /another network namespace/);
  });

  test("sees a strict reverse path filter, and a service address that is gone", async () => {
    const { namespace } = mini.pop;
    const uplink =
      (await namespace.exec(["ip", "-o", "route", "get", "10.1.0.1"])).match(/dev (\S+)/)?.[1] ??
      "";
    const file = `/proc/sys/net/ipv4/conf/${uplink}/rp_filter`;
    const usual = (await namespace.exec(["cat", file])).trim();
    await namespace.exec(["sh", "-c", `echo 1 > ${file}`]);
    const strict = await doctor();
    await namespace.exec(["sh", "-c", `echo ${usual} > ${file}`]);
    assert.match(
      strict.out,
      new RegExp(`rp-filter.*\\n  net\\.ipv4\\.conf\\.${uplink}\\.rp_filter`),
    );
    assert.equal(strict.status, "1");
    const shown = await namespace.exec(["ip", "-o", "-4", "address", "show", "dev", "lo"]);
    const address = /inet (192\.0\.2\.\S+)/.exec(shown)?.[1] ?? "";
    assert.notEqual(address, "", shown);
    await namespace.ip([`address del ${address} dev lo`]);
    const gone = await doctor();
    await namespace.ip([`address add ${address} dev lo`]);
    assert.match(gone.out, /error address-missing.*\n.*none is in 192\.0\.2\.0\/24/);
  });
});
