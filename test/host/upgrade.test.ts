/** A package that comes, is followed by a newer one, and goes, on a host that announces. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { identify, isRunning } from "../lab/process.ts";
import { wallClockMs } from "../lab/wait.ts";
import {
  assertLeftInOrder,
  assertQuiet,
  createHost,
  heard,
  type Host,
  UNIT,
  waitForAgent,
  waitForNoRoutes,
  waitForRoutes,
} from "./host.ts";
import { findPackage } from "./image.ts";
import { makeNextPackage, NEXT_VERSION } from "./next-package.ts";
import {
  configure,
  installPackage,
  part,
  readStatus,
  stateOf,
  waitForRecord,
  waitForStatus,
} from "./pop.ts";

describe("a host that is upgraded", () => {
  let host: Host;
  let agent: number;
  before(async () => {
    host = await createHost();
    await installPackage(host.machine, findPackage());
    await configure(host);
    await waitForRoutes(host);
    await waitForRecord(host, { to: "up" }, { sinceMs: 0 });
    agent = await waitForAgent(host);
  });
  after(() => host.remove());

  const step = (name: string, act: (sinceMs: number) => Promise<void>): void => {
    test(name, () => part(host, act));
  };

  step("is given a newer package: nothing is restarted, nothing is sent", async (sinceMs) => {
    const { machine } = host;
    const exabgp = identify(await machine.mainPid(UNIT));
    const old = await readStatus(host);
    await installPackage(machine, await makeNextPackage(host.lab, findPackage()));
    assert.equal((await machine.must(["anyctl", "version"])).includes(NEXT_VERSION), true);
    assert.equal(await waitForAgent(host), agent);
    assert.ok(exabgp !== undefined && isRunning(exabgp));
    const seen = await readStatus(host);
    assert.equal(seen?.agent.version, old?.agent.version);
    assert.notEqual(seen?.agent.version, NEXT_VERSION);
    assertQuiet(host, sinceMs);
  });

  step("goes on with the old agent, which still reads what is configured", async (sinceMs) => {
    const { machine } = host;
    await machine.must(["anyctl", "reload"]);
    await machine.must(["systemctl", "stop", "nginx.service"]);
    await waitForNoRoutes(host);
    await waitForRecord(host, { to: "down" }, { sinceMs });
    await machine.must(["systemctl", "start", "nginx.service"]);
    await waitForRoutes(host);
    assert.equal(await waitForAgent(host), agent);
  });

  step("has its agent restarted by the operator: the new one, and no UPDATE", async () => {
    const { machine } = host;
    await waitForStatus(host, "the service up", (seen) => stateOf(seen) === "up");
    const sinceMs = wallClockMs();
    await machine.must(["pkill", "-TERM", "-u", "exabgp", "-f", "anyctl [a]gent"]);
    await waitForAgent(host, { otherThan: agent });
    await waitForRecord(host, { from: "starting", to: "up" }, { sinceMs });
    const seen = await waitForStatus(
      host,
      "the new agent",
      (it) => it.agent.version === NEXT_VERSION,
    );
    assert.equal(stateOf(seen), "up");
    assertQuiet(host, sinceMs);
  });

  step("keeps the package while its agent runs", async (sinceMs) => {
    const { machine } = host;
    const refused = await machine.run(["dpkg", "--remove", "anyctl"]);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /Cannot remove anyctl: its agent runs/);
    assert.equal((await machine.run(["anyctl", "version"])).status, 0);
    assertQuiet(host, sinceMs);
  });

  step(
    "lets it go when ExaBGP is stopped, and keeps what is the operator's until it is purged",
    async (sinceMs) => {
      const { machine } = host;
      await machine.must(["systemctl", "stop", UNIT]);
      await waitForNoRoutes(host);
      assertLeftInOrder(heard(host, sinceMs));
      await machine.must(["dpkg", "--remove", "anyctl"]);
      await machine.must(["test", "-e", "/etc/anyctl/anyctl.yaml"]);
      await machine.must(["test", "-e", "/var/lib/anyctl/audit.jsonl"]);
      await machine.must(["dpkg", "--purge", "anyctl"]);
      const left = await machine.run(["sh", "-c", LEFT]);
      assert.deepEqual(left.stdout, "");
    },
  );
});

/** Whatever has its name; what systemd and dpkg keep of every unit and package is theirs. */
const LEFT = `find /etc /usr /lib /var/lib /run -xdev -name '*anyctl*' -not -path '/var/lib/systemd/*'`;
