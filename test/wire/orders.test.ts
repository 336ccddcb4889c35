/** Orders by the real command line, and what each exit status promised. Needs root. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import {
  FAMILIES,
  readStatus,
  stateOf,
  updates,
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
  waitForSessions,
  waitForStatus,
} from "./fixtures.ts";

describe("orders", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab();
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  /** Runs a command that must succeed. */
  async function anyctl(line: string): Promise<string> {
    const { status, stdout, stderr } = await mini.pop.anyctl(...line.split(" "));
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  }

  /** What the agent heard of the last UPDATEs for the prefixes of web, one word for each neighbor. */
  async function sent(): Promise<string[]> {
    const status = await readStatus(mini.pop);
    const routes = status?.services.flatMap((service) => service.routes) ?? [];
    return routes.flatMap((route) => route.sent.map(({ action }) => action));
  }

  test("drain --wait returns when both neighbors were sent the withdrawal", async () => {
    const sinceMs = Date.now();
    const out = await anyctl("drain web --reason CHG-1 --wait");
    assert.deepEqual(await sent(), ["withdraw", "withdraw"]);
    assert.match(
      out,
      /\nExaBGP has acknowledged all withdrawals, and has sent them to \S+, \S+\nEnds by `anyctl undrain web`\n$/,
    );
    await waitForNoRoutes(mini);
    assert.deepEqual(
      updates(mini, sinceMs),
      FAMILIES.map((family) => `${POP_SESSION[family]} withdrawn ${ANYCAST[family].prefix}`),
    );
  });

  test("undrain --wait returns when both neighbors were sent the announcement", async () => {
    const out = await anyctl("undrain web --wait");
    assert.deepEqual(await sent(), ["announce", "announce"]);
    assert.match(
      out,
      /\nExaBGP has acknowledged all announcements, and has sent them to \S+, \S+\n$/,
    );
    await waitForRoutes(mini);
  });

  test("drain --for is over by itself: the route comes back, and the file is gone", async () => {
    const out = await anyctl("drain web --reason CHG-2 --for 2s");
    assert.match(out, /\nEnds by `anyctl undrain web`, or by itself at .* \(in [12]s\)\n$/);
    await waitForNoRoutes(mini);
    await waitForRoutes(mini);
    await waitForDecision(mini.pop, { to: "up" });
    const [ended] = mini.pop.audit().slice(-2);
    assert.deepEqual(
      [ended?.from, ended?.to, ended?.actor, ended?.note],
      ["drained", "starting", "schedule", "CHG-2"],
    );
    assert.ok(!existsSync(join(mini.pop.stateFolder, "drains", "web")));
  });

  test("drain --graceful returns at once, and with --wait when the stage is over", async () => {
    const sinceMs = Date.now();
    const out = await anyctl("drain web --reason CHG-3 --graceful 10m");
    assert.match(out, /\nweb +draining /);
    assert.match(out, /\nweb is withdrawn at .* \(in (10m|9m 5\ds)\)\n/);
    // The same operator again, in more of a hurry.
    const waited = await anyctl("drain web --reason CHG-4 --graceful 2s --wait");
    assert.match(waited, /\nweb +drained /);
    assert.deepEqual(await sent(), ["withdraw", "withdraw"]);
    await waitForNoRoutes(mini);
    const kinds = updates(mini, sinceMs).filter((update) => !update.includes(" announced "));
    assert.equal(kinds.filter((update) => update.includes(" withdrawn ")).length, 2);
    await anyctl("undrain web --wait");
  });

  test("drain --wait --timeout gives up in the middle of a stage, and the drain stands", async () => {
    const argv = "drain web --reason CHG-5 --graceful 10m --wait --timeout 1s".split(" ");
    const { status, stderr } = await mini.pop.anyctl(...argv);
    assert.equal(status, 4);
    assert.match(
      stderr,
      /^anyctl: The drain stands, but web is still draining until \S+ \S+: it may/,
    );
    const seen = await readStatus(mini.pop);
    assert.equal(seen && stateOf(seen, "web"), "draining");
    await anyctl("undrain web --wait");
  });

  test("undrain --wait of what is dead says so, with status 4", async () => {
    await anyctl("drain web --reason CHG-6 --wait");
    await mini.pop.web.kill();
    const { status, stderr } = await mini.pop.anyctl(
      ..."undrain web --wait --timeout 3s".split(" "),
    );
    assert.equal(status, 4);
    assert.match(stderr, /^anyctl: Not all is announced: web is \w+ \(check-\w+\): ipv4 refused, /);
  });

  test("pin announces what is dead, until unpin", async () => {
    await waitForStatus(mini.pop, "web to be down", (seen) => stateOf(seen, "web") === "down");
    const out = await anyctl("pin web --reason INC-1 --for 1h");
    assert.match(
      out,
      /\nweb +pinned +pinned .* announced \(done\)\nEnds by `anyctl unpin web`, or/,
    );
    await waitForRoutes(mini);
    const { actor, note } = await waitForDecision(mini.pop, { to: "pinned" });
    assert.deepEqual([actor, note], ["uid:0(root)", "INC-1"]);
    assert.match(await anyctl("unpin web --reason mended"), /\nweb +down /);
    await waitForNoRoutes(mini);
    assert.deepEqual(readdirSync(join(mini.pop.stateFolder, "pins")), []);
    await mini.pop.web.start();
    await waitForRoutes(mini);
  });
});

describe("a transient drain", () => {
  test("outlives the agent, but not ExaBGP", async (t) => {
    const mini = await createMiniLab();
    t.after(() => mini.remove());
    await waitForRoutes(mini);
    const { pop } = mini;
    const argv = "drain --all --reason stop --transient --wait".split(" ");
    const drained = await pop.anyctl(...argv);
    assert.equal(drained.status, 0, drained.stderr);
    await waitForNoRoutes(mini);
    const file = join(pop.folder, "run", "drains", "_all");
    assert.ok(existsSync(file));

    const killed = pop.exabgp.agentPid();
    assert.ok(killed);
    const sinceMs = Date.now();
    process.kill(killed, "SIGKILL");
    const pid = await pop.exabgp.waitForAgent({ otherThan: killed });
    await waitForStatus(
      pop,
      "the new agent to be settled",
      (seen) =>
        seen.agent.pid === pid &&
        stateOf(seen, "web") === "drained" &&
        seen.services[0]?.checks.every(({ verdict }) => verdict === "up") === true,
    );
    assert.deepEqual(
      updates(mini, sinceMs).filter((update) => update.includes("announced")),
      [],
    );

    await pop.exabgp.stop();
    assert.ok(existsSync(file), "it is the next ExaBGP that ends it");
    await pop.exabgp.start();
    await waitForSessions(mini);
    await waitForRoutes(mini);
    assert.ok(!existsSync(file));
  });
});
