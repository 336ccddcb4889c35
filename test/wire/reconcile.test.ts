/** Somebody else changes ExaBGP's routes: what the router sees of it, and what is written down. Needs root. */
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { AuditLine } from "../lab/audit-line.ts";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST, defaultConfig } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import {
  FAMILIES,
  PATIENCE,
  stateOf,
  updates,
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
  waitForStatus,
} from "./fixtures.ts";

const { prefix: PREFIX } = ANYCAST.ipv4;
const FOREIGN = "198.51.100.0/24";

describe("what another process changes", () => {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-other-"));
  const commands = join(folder, "commands");
  let mini: MiniLab;

  before(async () => {
    chmodSync(folder, 0o755);
    writeFileSync(commands, "", { mode: 0o644 });
    const program = join(folder, "other");
    // Its stdin is read, else ExaBGP would freeze.
    writeFileSync(program, `#!/bin/sh\ntail -n 0 -F ${commands} &\ncat >/dev/null\nkill $!\n`);
    chmodSync(program, 0o755);
    mini = await createMiniLab({
      config: `exabgp: { reconcile-interval: 1s }\n${defaultConfig(FAMILIES)}`,
      editExabgpConfig: (text) =>
        `process other { run ${program}; encoder json; }\n${text.replaceAll("[ anyctl ]", "[ anyctl, other ]")}`,
    });
    await waitForRoutes(mini);
    await waitForDecision(mini.pop, { to: "up", ack: "done" });
  });
  after(async () => {
    await mini.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The other process writes it to ExaBGP. */
  function say(line: string): void {
    appendFileSync(commands, `${line}\n`);
  }

  function drifts(): AuditLine[] {
    return mini.pop.audit().filter(({ reason }) => reason === "drift");
  }

  function waitForDrift(known: number): Promise<AuditLine> {
    return waitUntil("the record of a drift", () => drifts()[known], PATIENCE);
  }

  test("a route that it withdraws is back within an interval, and recorded", async () => {
    const sinceMs = wallClockMs();
    say(`withdraw route ${PREFIX} next-hop self`);
    await mini.transit.waitForEvent({ kind: "withdrawn", prefix: PREFIX }, { sinceMs });
    const record = await waitForDrift(0);
    await mini.transit.waitForRoute(PREFIX, POP_SESSION.ipv4, PATIENCE);
    assert.match(record.evidence ?? "", /^missing/);
    assert.deepEqual(record["prefixes"], [PREFIX]);
    assert.equal(record.ack, "done");
    assert.equal(record.commands.length, 1);
    assert.match(record.commands[0] ?? "", /^announce route 192\.0\.2\.0\/24 /);
    // The other family's neighbor has heard of nothing.
    assert.deepEqual(updates(mini, sinceMs), [
      `pop4 withdrawn ${PREFIX}`,
      `pop4 announced ${PREFIX}`,
    ]);
  });

  test("attributes that it changes are as they were, without a gap", async () => {
    const sinceMs = wallClockMs();
    say(`announce route ${PREFIX} next-hop self med 77`);
    const record = await waitForDrift(1);
    assert.match(record.evidence ?? "", /^differs at /);
    await waitUntil(
      "the route without a MED",
      async () => {
        const [route] = await mini.transit.routes(PREFIX);
        return route !== undefined && !route.attributes.has("med") ? true : undefined;
      },
      PATIENCE,
    );
    assert.deepEqual(
      updates(mini, sinceMs).filter((event) => event.includes("withdrawn")),
      [],
    );
  });

  test("a route that is nobody's here is told of, and left alone", async () => {
    say(`announce route ${FOREIGN} next-hop self`);
    await mini.transit.waitForRoute(FOREIGN, POP_SESSION.ipv4, PATIENCE);
    const told = await waitForStatus(mini.pop, "the foreign prefix to be told of", (seen) =>
      seen.problems.some(({ word }) => word === "foreign-routes"),
    );
    const { detail = "" } = told.problems.find(({ word }) => word === "foreign-routes") ?? {};
    assert.match(detail, /198\.51\.100\.0\/24/);
    assert.equal(drifts().length, 2);
    await mini.transit.waitForRoute(FOREIGN, POP_SESSION.ipv4, PATIENCE);
  });

  test("an agent that is killed meanwhile adopts what ExaBGP holds: no UPDATE, no command", async () => {
    const sinceMs = wallClockMs();
    // ExaBGP has another child too.
    const { agent } = await waitForStatus(mini.pop, "the agent's pid", () => true);
    process.kill(agent.pid, "SIGKILL");
    await waitForStatus(
      mini.pop,
      "the new agent to be up",
      (seen) => seen.agent.pid !== agent.pid && stateOf(seen, "web") === "up",
    );
    const record = await waitUntil(
      "the record of the second life",
      () => mini.pop.audit().filter(({ from, to }) => from === "starting" && to === "up")[1],
      PATIENCE,
    );
    assert.deepEqual(record.commands, []);
    assert.deepEqual(updates(mini, sinceMs), []);
  });

  test("what is drained does not come back by another's announcement", async () => {
    await mini.pop.anyctl("drain", "web", "--reason", "CHG-1", "--wait");
    await waitForNoRoutes(mini);
    say(`announce route ${PREFIX} next-hop self med 9`);
    await mini.transit.waitForRoute(PREFIX, POP_SESSION.ipv4, PATIENCE);
    const record = await waitForDrift(2);
    await mini.transit.waitForNoRoute(PREFIX, POP_SESSION.ipv4, PATIENCE);
    assert.match(record.evidence ?? "", /^surplus at /);
    assert.match(record.commands.join(), /^(neighbor \S+ )?withdraw route 192\.0\.2\.0\/24 /);
    // The foreign one is where it was.
    await mini.transit.waitForRoute(FOREIGN, POP_SESSION.ipv4, PATIENCE);
    await waitForStatus(
      mini.pop,
      "no drift to be left",
      (seen) => !seen.problems.some(({ word }) => word === "rib-drift"),
    );
  });
});
