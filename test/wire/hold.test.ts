/** A service that flaps is held back: what the router sees, also when the agent dies meanwhile. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { wallClockMs } from "../lab/wait.ts";
import {
  PATIENCE,
  stateOf,
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
  waitForStatus,
} from "./fixtures.ts";

/** Long enough for an agent to die and come back meanwhile, on a busy machine too. */
const HOLD_MS = 12_000;

const CONFIG = `defaults: { interval: 200ms, timeout: 200ms, rise: 1, fall: 1 }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
    hold: { flaps: 2, within: 10m, for: ${HOLD_MS / 1000}s }
    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`;

/** Clocks are read in two programs, and dates have milliseconds. */
const SLACK_MS = 5;

describe("a service with a flap budget of two", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ config: CONFIG });
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  async function fall(): Promise<void> {
    mini.pop.web.setHealth(503);
    await waitForNoRoutes(mini);
  }

  /** @returns Until when. */
  async function waitForHold(): Promise<number> {
    mini.pop.web.setHealth(200);
    const { until, reason } = await waitForDecision(mini.pop, { to: "held" });
    assert.equal(reason, "flapping");
    return Date.parse(String(until));
  }

  function announcedBetween(fromMs: number, toMs: number): string[] {
    return mini.transit
      .events()
      .filter(({ kind, atMs }) => kind === "announced" && atMs >= fromMs && atMs < toMs)
      .map(({ prefix = "", atMs }) => `${prefix} at ${atMs}`);
  }

  test("is back at once after the first withdrawal", async () => {
    await fall();
    mini.pop.web.setHealth(200);
    await waitForRoutes(mini);
    await waitForDecision(mini.pop, { from: "down", to: "up" });
  });

  test("is not announced before the end of the hold after the second, by the successor of a killed agent either", async () => {
    const fellMs = wallClockMs();
    await fall();
    const outMs = wallClockMs();
    const untilMs = await waitForHold();
    // From the withdrawal on.
    assert.ok(untilMs >= fellMs + HOLD_MS - SLACK_MS && untilMs <= outMs + HOLD_MS + SLACK_MS);
    const { exabgp } = mini.pop;
    const last = exabgp.agentPid();
    assert.ok(last);
    process.kill(last, "SIGKILL");
    const pid = await exabgp.waitForAgent({ ...PATIENCE, otherThan: last });
    const seen = await waitForStatus(
      mini.pop,
      "the new agent to hold the service",
      (status) => status.agent.pid === pid && stateOf(status, "web") === "held",
    );
    const again = Date.parse(seen.services[0]?.heldUntil ?? "");
    assert.ok(Math.abs(again - untilMs) <= SLACK_MS, `${again} is not ${untilMs}`);
    assert.equal(seen.services[0]?.withdrawals, 2);
    const { stdout } = await mini.pop.anyctl("why", "web");
    assert.match(
      stdout,
      /The hold is over at .* or at once with `anyctl undrain web --clear-hold`/,
    );
    await waitForRoutes(mini);
    assert.deepEqual(announcedBetween(outMs, untilMs - SLACK_MS), []);
    await waitForDecision(mini.pop, { from: "held", to: "up", reason: "all-checks-up" });
  });

  test("is back when an operator clears the hold, who is named", async () => {
    await fall();
    const untilMs = await waitForHold();
    const words = ["undrain", "web", "--clear-hold", "--reason", "cable replaced", "--wait"];
    const { status, stderr } = await mini.pop.anyctl(...words);
    assert.equal(status, 0, stderr);
    const { actor, note } = await waitForDecision(mini.pop, { from: "held", to: "up" });
    assert.deepEqual([actor, note], ["uid:0(root)", "cable replaced"]);
    await waitForRoutes(mini);
    assert.ok(wallClockMs() < untilMs, "the hold was over by itself");
  });
});
