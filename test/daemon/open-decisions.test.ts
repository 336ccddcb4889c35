import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { OpenDecisions, type Draft } from "../../src/daemon/open-decisions.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { Records } from "../../src/daemon/records.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock, memoryLog } from "./fixtures.ts";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";

const DRAFT: Draft = {
  v: 1,
  at: "2026-01-01T00:00:00.000Z",
  pop: "fra1",
  service: "dns",
  from: "up",
  to: "down",
  reason: "check-down",
  actor: "agent",
  prefixes: ["192.0.2.0/24"],
  commands: ["withdraw route 192.0.2.0/24 next-hop self"],
  boot: "b1",
  agent: "0.1.0",
};

describe("OpenDecisions", () => {
  it("gives the next life what was open, of the same boot, and forgets what has ended", async (t) => {
    const folder = temporaryFolder(t);
    const open = new OpenDecisions(folder, () => Promise.resolve());
    open.keep(() => [DRAFT, { ...DRAFT, boot: "b0" }]);
    await open.flush();
    const next = new OpenDecisions(folder, () => Promise.resolve());
    assert.deepEqual(next.left("b1"), [DRAFT]);
    next.keep(() => []);
    await next.flush();
    assert.deepEqual(new OpenDecisions(folder, () => Promise.resolve()).left("b1"), []);
  });

  it("does not forget before the record is on disk", async (t) => {
    const folder = temporaryFolder(t);
    let isRecorded = false;
    const open = new OpenDecisions(folder, () => {
      assert.match(readFileSync(join(folder, "open-decisions.json"), "utf8"), /check-down/);
      isRecorded = true;
      return Promise.resolve();
    });
    open.keep(() => [DRAFT]);
    await open.flush();
    open.keep(() => []);
    await open.flush();
    assert.ok(isRecorded);
    assert.deepEqual(open.left("b1"), []);
  });

  for (const text of ["", "null", "[]", '{"drafts":7}', '{"drafts":[null,{"v":1},"x"]}', "\0"]) {
    it(`takes nothing from ${JSON.stringify(text)}`, (t) => {
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, "open-decisions.json"), text);
      assert.deepEqual(new OpenDecisions(folder, () => Promise.resolve()).left("b1"), []);
    });
  }

  it("survives a disk that refuses it", async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, "open-decisions.json.new"));
    const open = new OpenDecisions(folder, () => Promise.resolve());
    open.keep(() => [DRAFT]);
    await open.flush();
    assert.deepEqual(open.left("b1"), []);
  });
});

describe("Records", () => {
  it("does not take for open what was recorded before the life ended", async (t) => {
    const stateDir = temporaryFolder(t);
    const clock = manualClock();
    const { log } = memoryLog();
    const live = () => {
      const problems = new Problems(clock, log);
      return new Records({ stateDir, boot: "b1", clock, log, problems, hasJournal: false });
    };
    const records = live();
    records.take(DRAFT, { writeMs: undefined });
    const later = { ...DRAFT, at: "2026-01-01T00:00:01.000Z" };
    records.keepOpen(() => [DRAFT, later]);
    await records.flush();
    assert.deepEqual(live().left("b1"), [later]);
  });
});

describe("an agent that is killed before ExaBGP has answered", () => {
  it("leaves the decision to its successor, which records it once, with `timeout`", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = () => undefined;
    await exabgp.waitForCommands(1);
    const file = join(site.stateDir, "open-decisions.json");
    await waitUntil("the decision to be on disk", () => {
      try {
        return readFileSync(file, "utf8").includes("announce route") || undefined;
      } catch {
        return undefined;
      }
    });
    assert.deepEqual(decisionsOf(site), []);
    exabgp.child.kill("SIGKILL");
    await exabgp.exit();

    const next = new ScriptedExabgp(site);
    await next.waitForCommands(1);
    const [first] = await waitUntil("the decisions of both lives", () => {
      const found = decisionsOf(site);
      return found.length >= 2 ? found : undefined;
    });
    assert.deepEqual(
      [first?.from, first?.to, first?.ack, first?.commands],
      ["starting", "up", "timeout", ["announce route 192.0.2.0/24 next-hop self"]],
    );
    next.child.kill("SIGTERM");
    await next.exit();
    const lost = decisionsOf(site).filter(({ ack }) => ack === "timeout");
    assert.equal(lost.length, 1);
  });
});

function decisionsOf(site: Awaited<ReturnType<typeof createSite>>) {
  return site.audit().filter(({ service, to }) => service === "web" && to !== "stopping");
}
