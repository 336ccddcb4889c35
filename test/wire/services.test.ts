/** A service comes, dies in every way, and comes back: what the router sees. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import {
  waitForDecision,
  stateOf,
  updates,
  waitForNoRoutes,
  waitForRoutes,
  waitForSessions,
  waitForStatus,
} from "./fixtures.ts";

describe("a service that was dead from the start", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ startsWeb: false });
  });
  after(() => mini.remove());

  test("is never announced, and is when it comes to life", async () => {
    const { pop } = mini;
    await waitForSessions(mini);
    await waitForStatus(pop, "the service to be down", (seen) => stateOf(seen, "web") === "down");
    // The cleaning withdrawal is all that it may have heard.
    assert.deepEqual(
      updates(mini).filter((update) => update.includes("announced")),
      [],
    );
    const { commands } = await waitForDecision(pop, { to: "down" });
    assert.deepEqual(
      commands.map((line) => line.split(" ")[0]),
      ["withdraw", "withdraw"],
    );
    await pop.web.start();
    await waitForRoutes(mini);
    await waitForDecision(pop, { to: "up", reason: "all-checks-up" });
  });
});

describe("a service that serves", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab();
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  test("is announced after rise, over both families, once", () => {
    assert.deepEqual(updates(mini), [
      "pop4 announced 192.0.2.0/24",
      "pop6 announced 2001:db8:53::/48",
    ]);
  });

  const deaths = [
    {
      name: "is killed",
      die: () => mini.pop.web.kill(),
      live: () => mini.pop.web.start(),
      evidence: /^(refused|reset)/,
    },
    {
      name: "hangs",
      die: () => mini.pop.web.hang(),
      live: () => mini.pop.web.resume(),
      evidence: /^timeout/,
    },
    {
      name: "answers 503",
      die: () => mini.pop.web.setHealth(503),
      live: () => mini.pop.web.setHealth(200),
      evidence: /^wrong-status: .*503/,
    },
  ];
  for (const { name, die, live, evidence } of deaths) {
    test(`is withdrawn when it ${name}, and announced when it is back`, async () => {
      await die();
      await waitForNoRoutes(mini);
      const decision = await waitForDecision(mini.pop, { to: "down", reason: "check-down" });
      const { check, evidence: seen, commands, ack } = decision;
      assert.match(check ?? "", /^ipv[46]$/);
      assert.match(seen ?? "", evidence);
      assert.equal(commands.length, 2);
      assert.equal(ack, "done");
      await live();
      await waitForRoutes(mini);
    });
  }

  test("left and came once for each death: nothing flapped", () => {
    const kinds = updates(mini).map((update) => update.split(" ")[1]);
    assert.deepEqual(kinds.filter((kind) => kind === "withdrawn").length, deaths.length * 2);
    assert.deepEqual(kinds.filter((kind) => kind === "announced").length, (deaths.length + 1) * 2);
  });
});
