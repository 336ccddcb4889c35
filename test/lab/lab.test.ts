/** The lab itself: what it starts, and that it leaves nothing behind. Needs root. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { demolish, namespacesOf, sweepStaleLabs } from "./demolish.ts";
import { createLab, type Lab } from "./lab.ts";
import { createMiniLab } from "./mini-lab.ts";
import { ANYCAST } from "./pop.ts";
import { identify, isRunning, processesIn } from "./process.ts";
import { readRecords } from "./record.ts";
import { POP_SESSION } from "./region.ts";
import { createTopology } from "./topology.ts";
import { waitUntil } from "./wait.ts";

/** Fails when anything of a lab is left: namespaces, files, record. */
function assertGone({ id, folder }: Pick<Lab, "id" | "folder">): void {
  assert.deepEqual(namespacesOf(id), []);
  assert.equal(existsSync(folder), false, `${folder} is left`);
  assert.equal(
    readRecords().some((record) => record.id === id),
    false,
    "the record is left",
  );
}

/** Everything that runs in a lab's namespaces. */
function processesOf(id: string) {
  const inodes = namespacesOf(id).map((name) => statSync(join("/run/netns", name)).ino);
  return processesIn(new Set(inodes)).flatMap((pid) => identify(pid) ?? []);
}

/** A process that makes a lab with a router and a web server, prints its id and folder, and waits. */
async function startOwner(
  andThen = "",
): Promise<{ owner: ChildProcess; id: string; folder: string }> {
  const module = new URL("mini-lab.js", import.meta.url).href;
  const program = `
    const { createMiniLab } = await import(${JSON.stringify(module)});
    const { lab } = await createMiniLab({ startsExabgp: false });
    ${andThen}
    process.stdout.write(lab.id + " " + lab.folder + "\\n");
    setInterval(() => {}, 60_000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line]: unknown[] = await once(owner.stdout.setEncoding("utf8"), "data");
  const [id = "", folder = ""] = String(line).trim().split(" ");
  return { owner, id, folder };
}

describe("three regions", () => {
  test("every client is answered by its own PoP; a dead one's by another; nothing is left", async () => {
    const { lab, regions, waitUntilAtHome } = await createTopology();
    const { fra, ams } = regions;
    try {
      await waitUntilAtHome();
      await fra.pop.web.kill();
      const options = { deadlineMs: 10_000 };
      const answer = await waitUntil(
        "another PoP to answer",
        async () => {
          const seen = await fra.client.get(ANYCAST.ipv4.url);
          return "by" in seen ? seen.by : undefined;
        },
        options,
      );
      assert.match(answer, /^(ams1|nyc1)$/);
      assert.deepEqual(
        await fra.transit
          .routes(ANYCAST.ipv4.prefix)
          .then((routes) => routes.map(({ session }) => session).toSorted()),
        ["ams4", "nyc4"],
      );
      await ams.client.waitForAnswer(ANYCAST.ipv6.url, "ams1", options);
      await fra.pop.web.start();
      await waitUntilAtHome();
    } finally {
      const processes = processesOf(lab.id);
      assert.ok(processes.length >= 12, `${processes.length} processes ran`);
      await lab.remove();
      assert.deepEqual(processes.filter(isRunning), []);
      assertGone(lab);
    }
  });
});

describe("one PoP", () => {
  test("ExaBGP and its child run as user exabgp, and end together", async () => {
    const { lab, pop, transit, remove } = await createMiniLab();
    try {
      const route = await transit.waitForRoute(ANYCAST.ipv6.prefix, POP_SESSION.ipv6);
      assert.equal(route.attributes.get("as_path"), "64496");
      const agentPid = await pop.exabgp.waitForAgent();
      const uids = [pop.exabgp.pid(), agentPid].map((pid) => statSync(`/proc/${pid}`).uid);
      assert.deepEqual(uids, [statSync(pop.stateFolder).uid, statSync(pop.stateFolder).uid]);
      assert.notEqual(uids[0], 0);
      assert.match(await pop.exabgp.version(), /^\d+\.\d+/);
      await pop.exabgp.stop();
      await transit.waitForNoRoute(ANYCAST.ipv6.prefix, POP_SESSION.ipv6);
      assert.equal(identify(agentPid), undefined);
    } finally {
      await remove();
      assertGone(lab);
    }
  });

  test("several run at the same time", async () => {
    const options = { startsExabgp: false };
    const labs = await Promise.all([createMiniLab(options), createMiniLab(options)]);
    for (const { transit, remove, lab } of labs) {
      assert.ok((await transit.ask("show status")).length > 0);
      await remove();
      assertGone(lab);
    }
  });

  test("a start that fails half way leaves nothing", async () => {
    const before = new Set(readRecords().map(({ id }) => id));
    let ids: string[] = [];
    const editExabgpConfig = (): string => {
      ids = readRecords().flatMap(({ id, owner }) =>
        owner.pid === process.pid && !before.has(id) ? [id] : [],
      );
      throw new Error("planted");
    };
    await assert.rejects(createMiniLab({ editExabgpConfig }), /planted/);
    assert.equal(ids.length, 1);
    assert.deepEqual(namespacesOf(ids[0] ?? ""), []);
    assert.equal(
      readRecords().some(({ id }) => id === ids[0]),
      false,
    );
  });
});

describe("an owner that ends", () => {
  test("by SIGTERM takes its lab along", async () => {
    const { owner, ...lab } = await startOwner();
    const processes = processesOf(lab.id);
    assert.ok(processes.length >= 3, "BIRD, nginx and its worker run");
    const ended = once(owner, "exit");
    owner.kill("SIGTERM");
    assert.deepEqual(await ended, [143, null]);
    assertGone(lab);
    assert.deepEqual(processes.filter(isRunning), []);
  });

  test("by SIGKILL leaves a lab that the next one removes", async () => {
    const { owner, ...lab } = await startOwner();
    const processes = processesOf(lab.id);
    const ended = once(owner, "exit");
    owner.kill("SIGKILL");
    await ended;
    assert.notDeepEqual(namespacesOf(lab.id), []);
    await createLab().remove();
    assertGone(lab);
    assert.deepEqual(processes.filter(isRunning), []);
  });

  test("does not take a lab along that stays, nor does the next one", async () => {
    const { owner, ...lab } = await startOwner("lab.keep();");
    const ended = once(owner, "exit");
    owner.kill("SIGTERM");
    await ended;
    sweepStaleLabs();
    const record = readRecords().find(({ id }) => id === lab.id);
    assert.ok(record);
    assert.ok(processesOf(lab.id).length >= 3, "BIRD, nginx and its worker run on");
    demolish(record);
    assertGone(lab);
  });
});
