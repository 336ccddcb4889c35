/** The agent dies in every way: what the router sees. Needs root. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/control/protocol.ts";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import {
  waitForDecision,
  PATIENCE,
  stateOf,
  updates,
  waitForNoRoutes,
  waitForRoutes,
  waitForStatus,
} from "./fixtures.ts";

describe("an agent that dies", () => {
  let mini: MiniLab;
  let firstDeathMs = 0;
  before(async () => {
    mini = await createMiniLab();
    await waitForRoutes(mini);
    firstDeathMs = wallClockMs();
  });
  after(() => mini.remove());

  /** Ends the agent and waits for the next one. */
  async function end(signal: NodeJS.Signals): Promise<number> {
    const { exabgp } = mini.pop;
    const last = exabgp.agentPid();
    assert.ok(last);
    process.kill(last, signal);
    return await exabgp.waitForAgent({ ...PATIENCE, otherThan: last });
  }

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`by ${signal} while its service is healthy costs no UPDATE`, async () => {
      const sinceMs = wallClockMs();
      const pid = await end(signal);
      await waitForStatus(
        mini.pop,
        "the new agent to judge the service up",
        (seen) =>
          seen.agent.pid === pid &&
          stateOf(seen, "web") === "up" &&
          seen.services[0]?.routes.every(({ answer }) => answer === "done") === true,
      );
      assert.deepEqual(updates(mini, sinceMs), []);
      await waitForRoutes(mini);
    });
  }

  test("while its service dies too withdraws what its predecessor announced", async () => {
    await mini.pop.web.kill();
    await end("SIGKILL");
    await waitForNoRoutes(mini);
    await waitForDecision(mini.pop, { from: "starting", to: "down" });
    // These are all that the router has heard since the first of the deaths above, and their order is the wire's.
    assert.deepEqual(updates(mini, firstDeathMs), [
      "pop4 withdrawn 192.0.2.0/24",
      "pop6 withdrawn 2001:db8:53::/48",
    ]);
    await mini.pop.web.start();
    await waitForRoutes(mini);
  });

  test("while a prefix leaves the configuration withdraws it: it is owned", async () => {
    const owned = readFileSync(join(mini.pop.stateFolder, "owned.json"), "utf8");
    assert.match(owned, /2001:db8:53::\/48/);
    mini.pop.writeConfig(`services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`);
    const sinceMs = wallClockMs();
    await end("SIGKILL");
    await mini.transit.waitForNoRoute("2001:db8:53::/48", "pop6", PATIENCE);
    assert.deepEqual(updates(mini, sinceMs), ["pop6 withdrawn 2001:db8:53::/48"]);
  });

  test("again and again whenever it works idles at last: ExaBGP and its routes stay, a drain is obeyed", async () => {
    const exabgp = mini.pop.exabgp.pid();
    const sinceMs = wallClockMs();
    const isIdle = ({ problems }: Status) => problems.some(({ word }) => word === "crash-loop");
    let pid = mini.pop.exabgp.agentPid();
    // The third after an unclean end, those of the tests above included.
    for (let kills = 0; kills < 4; kills += 1) {
      const current = pid;
      const status = await waitForStatus(mini.pop, "it", ({ agent }) => agent.pid === current);
      if (isIdle(status)) break;
      pid = await end("SIGKILL");
    }
    const last = pid;
    await waitForStatus(mini.pop, "idling", (seen) => isIdle(seen) && seen.agent.pid === last);
    assert.doesNotThrow(() => process.kill(exabgp, 0), "ExaBGP has ended");
    assert.deepEqual(updates(mini, sinceMs), []);
    const { status } = await mini.pop.anyctl("drain", "web", "--reason", "it crashes", "--wait");
    assert.equal(status, 0);
    await mini.transit.waitForNoRoute("192.0.2.0/24", "pop4", PATIENCE);
    assert.deepEqual(updates(mini, sinceMs), ["pop4 withdrawn 192.0.2.0/24"]);
  });
});

describe("an agent whose ExaBGP goes", () => {
  test("ends by itself when ExaBGP is killed, and leaves its socket to the next one", async (t) => {
    const mini = await createMiniLab();
    t.after(() => mini.remove());
    await waitForRoutes(mini);
    const { exabgp } = mini.pop;
    // `stop` resolves when ExaBGP and its child are gone.
    const beganMs = performance.now();
    await exabgp.stop("SIGKILL");
    assert.ok(performance.now() - beganMs < 5000, "the agent outlived its ExaBGP");
    await waitForNoRoutes(mini);
    await exabgp.start();
    await waitForRoutes(mini);
    await waitUntil("the new agent's status", async () => {
      const { status } = await mini.pop.anyctl("status");
      return status === 0 ? true : undefined;
    });
  });
});
