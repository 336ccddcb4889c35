/** A real host that stops and starts: gently out, and back as it was, drained or not. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SERVICE } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import {
  assertLeftInOrder,
  createHost,
  FAMILIES,
  heard,
  type Host,
  PATIENCE,
  UNIT,
  waitForNoRoutes,
  waitForRoutes,
} from "./host.ts";
import { findPackage } from "./image.ts";
import {
  configure,
  installPackage,
  part,
  readStatus,
  stateOf,
  transientDrains,
  waitForRecord,
  waitForStatus,
} from "./pop.ts";

describe("a host that stops and starts", () => {
  let host: Host;
  before(async () => {
    host = await createHost();
    await installPackage(host.machine, findPackage());
    await configure(host);
    await waitForRoutes(host);
    await waitForRecord(host, { to: "up" }, { sinceMs: 0 });
  });
  after(() => host.remove());

  const step = (name: string, act: (sinceMs: number) => Promise<void>): void => {
    test(name, () => part(host, act));
  };

  /** Nothing is drained, and nothing was left to be obeyed. */
  async function assertBack(): Promise<void> {
    await waitForRoutes(host);
    const seen = await waitForStatus(host, "the service up", (it) => stateOf(it) === "up");
    assert.deepEqual(seen.drains, []);
    assert.deepEqual(await transientDrains(host), []);
  }

  /** From boot on nothing was announced, though the session is up and the checks pass. */
  async function assertStillDrained(sinceMs: number): Promise<void> {
    for (const family of FAMILIES) await host.transit.waitForSession(POP_SESSION[family], PATIENCE);
    const seen = await waitForStatus(
      host,
      "checks that pass while drained",
      (it) => it.services[0]?.checks.every(({ verdict }) => verdict === "up") === true,
    );
    assert.equal(stateOf(seen), "drained");
    assert.deepEqual(
      seen.drains.map(({ service, reason }) => [service, reason]),
      [[SERVICE, "CHG-1234"]],
    );
    const announced = heard(host, sinceMs).filter((it) => / (announced|repeated) /.test(it));
    assert.deepEqual(announced, []);
  }

  step("has its unit stopped: withdrawn, then the sessions close", async (sinceMs) => {
    const { machine } = host;
    await machine.must(["systemctl", "stop", UNIT]);
    await waitForNoRoutes(host);
    assertLeftInOrder(heard(host, sinceMs));
    const record = await waitForRecord(host, { to: "drained" }, { sinceMs });
    // Whom the unit runs its commands as.
    assert.match(String(record["ANYCTL_ACTOR"]), /^uid:\d+\(exabgp\)$/);
    assert.equal(record["ANYCTL_NOTE"], "systemd stops ExaBGP");
    assert.equal(await machine.property(UNIT, "Result"), "success");
  });

  step("has its unit started: announced, and nothing is drained", async () => {
    await host.machine.must(["systemctl", "start", UNIT]);
    await assertBack();
  });

  step("has its unit restarted: out in order, and back", async (sinceMs) => {
    await host.machine.must(["systemctl", "restart", UNIT]);
    await assertBack();
    assertLeftInOrder(heard(host, sinceMs));
  });

  step("reboots: withdrawn, then the sessions close; announced again", async (sinceMs) => {
    await host.machine.reboot();
    await assertBack();
    assertLeftInOrder(heard(host, sinceMs));
    await waitForRecord(host, { to: "drained", note: "systemd stops ExaBGP" }, { sinceMs });
  });

  step("reboots while drained: drained still, and never announced in between", async (sinceMs) => {
    const { machine } = host;
    await machine.must(["anyctl", "drain", SERVICE, "--reason", "CHG-1234", "--wait"]);
    await waitForNoRoutes(host);
    await machine.reboot();
    await assertStillDrained(sinceMs);
  });

  step("loses its power while drained: the same", async (sinceMs) => {
    const { machine } = host;
    await machine.pullPlug();
    await machine.boot();
    await assertStillDrained(sinceMs);
    assert.equal((await readStatus(host))?.pop, "fra1");
  });

  step("is undrained: announced", async (sinceMs) => {
    await host.machine.must(["anyctl", "undrain", SERVICE, "--reason", "done", "--wait"]);
    await assertBack();
    await waitForRecord(host, { from: "starting", to: "up" }, { sinceMs });
  });

  step(
    "loses its power: the routes go with the session or its hold time, and come back",
    async (sinceMs) => {
      const { machine } = host;
      await machine.pullPlug();
      await machine.boot();
      await waitForRecord(host, { to: "up" }, { sinceMs });
      await assertBack();
    },
  );
});
