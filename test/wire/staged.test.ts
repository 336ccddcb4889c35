/** A staged drain: what the router has, and what was on the wire, message by message. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import type { WireUpdate } from "../lab/mrt.ts";
import { POP_SESSION } from "../lab/region.ts";
import {
  FAMILIES,
  PATIENCE,
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
  waitForStatus,
  stateOf,
} from "./fixtures.ts";
import { ANYCAST } from "../lab/pop.ts";
import { waitUntil } from "../lab/wait.ts";

const config = (more: string) => `defaults: { interval: 500ms, fast-interval: 100ms, rise: 2 }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
    announce: { med: 100, communities: ["64496:1"], local-as: 64496 }
${more}    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`;

/** Type codes of path attributes (RFC 4271 section 5.1, RFC 1997). */
const AS_PATH = 2;
const MED = 4;
const COMMUNITIES = 8;

/** What each message said about one prefix; the numbers of messages show that none has two things in it. */
function story(updates: readonly WireUpdate[], prefix: string): string[] {
  return updates
    .filter((update) => update.prefix === prefix)
    .map(({ kind, attributes }) =>
      [kind, attributes.get(AS_PATH), attributes.get(MED), attributes.get(COMMUNITIES)]
        .filter((word) => word !== undefined)
        .join(" "),
    );
}

/** AS_SEQUENCE of 64496 once, MED 100, 64496:1. */
const UP = "announced 02010000fbf0 00000064 fbf00001";

/** 64496 three times more, MED 100, 64496:1 and GRACEFUL_SHUTDOWN (65535:0, RFC 8326). */
const DRAINING = "announced 02040000fbf00000fbf00000fbf00000fbf0 00000064 fbf00001ffff0000";

describe("a staged drain", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ config: config("    drain-delay: 1s\n") });
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  /** What is new on the wire since `from` messages, by prefix; every message holds one thing. */
  function storiesSince(from: number): string[][] {
    const updates = mini.transit.wireUpdates().slice(from);
    assert.equal(new Set(updates.map(({ message }) => message)).size, updates.length);
    return FAMILIES.map((family) => story(updates, ANYCAST[family].prefix));
  }

  async function drainAndWait(...more: string[]): Promise<void> {
    const drained = await mini.pop.anyctl("drain", "web", "--reason", "CHG-1", ...more);
    assert.equal(drained.status, 0, drained.stderr);
    await waitForNoRoutes(mini);
  }

  async function undrainAndWait(): Promise<void> {
    const undrained = await mini.pop.anyctl("undrain", "web");
    assert.equal(undrained.status, 0, undrained.stderr);
    await waitForRoutes(mini);
  }

  test("is one UPDATE with the new attributes, and then one withdrawal", async () => {
    assert.deepEqual(storiesSince(0), [[UP], [UP]]);
    const from = mini.transit.wireUpdates().length;
    await drainAndWait();
    assert.deepEqual(storiesSince(from), [
      [DRAINING, "withdrawn"],
      [DRAINING, "withdrawn"],
    ]);
    const drained = await waitForDecision(mini.pop, { from: "draining", to: "drained" });
    assert.equal(drained.note, "CHG-1");
    const stages = mini.pop.audit().slice(-2);
    const [began, ended] = stages.map(({ at }) => Date.parse(at));
    // The second counts from the order, which is older than what the agent made of it.
    assert.ok((ended ?? 0) - (began ?? 0) > 500, "the time of drain-delay was announced");
  });

  test("leaves no gap: the route is there until the withdrawal", () => {
    const events = mini.transit
      .events()
      .filter(({ session, prefix }) => session === POP_SESSION.ipv4 && prefix !== undefined);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["announced", "announced", "withdrawn"],
    );
  });

  test("comes back through the checks, with the attributes of `up` and nothing between", async () => {
    const from = mini.transit.wireUpdates().length;
    await undrainAndWait();
    assert.deepEqual(storiesSince(from), [[UP], [UP]]);
  });

  test("that is undrained in the middle announces `up` again, without a withdrawal", async () => {
    const from = mini.transit.wireUpdates().length;
    const drained = await mini.pop.anyctl(..."drain web --reason CHG-2 --graceful 5m".split(" "));
    assert.equal(drained.status, 0, drained.stderr);
    await waitUntil(
      "the attributes of draining on the wire",
      () => storiesSince(from).every((lines) => lines.includes(DRAINING)) || undefined,
      PATIENCE,
    );
    await undrainAndWait();
    await waitForStatus(mini.pop, "web to be up", (seen) => stateOf(seen, "web") === "up");
    await waitUntil(
      "the attributes of up on the wire",
      () => storiesSince(from).every((lines) => lines.includes(UP)) || undefined,
      PATIENCE,
    );
    assert.deepEqual(storiesSince(from), [
      [DRAINING, UP],
      [DRAINING, UP],
    ]);
  });

  test("of a service that dies ends at once", async () => {
    const from = mini.transit.wireUpdates().length;
    await mini.pop.anyctl(..."drain web --reason CHG-3 --graceful 5m".split(" "));
    await mini.pop.web.kill();
    await waitForNoRoutes(mini);
    assert.deepEqual(storiesSince(from), [
      [DRAINING, "withdrawn"],
      [DRAINING, "withdrawn"],
    ]);
    const { check, evidence } = await waitForDecision(mini.pop, {
      from: "draining",
      to: "drained",
    });
    assert.equal(check, "ipv4");
    assert.match(evidence ?? "", /^refused/);
  });
});
