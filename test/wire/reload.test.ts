/** Configurations that change, stay and break: what the router sees. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import {
  waitForDecision,
  PATIENCE,
  readStatus,
  updates,
  waitForNoRoutes,
  waitForRoutes,
  waitForSessions,
  waitForStatus,
} from "./fixtures.ts";

const config = (announce = "") => `defaults: { interval: 1s, fast-interval: 100ms }
services:
  web:
    prefixes: [192.0.2.0/24, "2001:db8:53::/48"]
    scope: local
${announce}    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`;

describe("SIGHUP", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await createMiniLab({ config: config() });
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  async function reload(text: string): Promise<void> {
    const { pop } = mini;
    const from = pop.exabgp.agentLog.lines().length;
    pop.writeConfig(text);
    process.kill(pop.exabgp.agentPid() ?? 0, "SIGHUP");
    await pop.exabgp.agentLog.waitFor(
      "the reload or its refusal",
      (line) => /configuration reloaded|"configuration","detail"/.test(line) || undefined,
      { ...PATIENCE, from },
    );
  }

  test("with an unchanged file touches nothing: counters go on, no UPDATE", async () => {
    const sinceMs = wallClockMs();
    const earlier = await readStatus(mini.pop);
    await reload(config());
    const later = await readStatus(mini.pop);
    const since = (status: typeof later) => status?.services[0]?.checks.map((check) => check.since);
    assert.deepEqual(since(later), since(earlier));
    assert.equal(later?.config.hash, earlier?.config.hash);
    assert.deepEqual(updates(mini, sinceMs), []);
  });

  test("with changed attributes is one UPDATE for each prefix, without a gap", async () => {
    const sinceMs = wallClockMs();
    await reload(config("    announce: { med: 77, communities: [graceful-shutdown] }\n"));
    const fits = (prefix: string) =>
      ({ kind: "announced", prefix, session: prefix.includes(":") ? "pop6" : "pop4" }) as const;
    for (const prefix of ["192.0.2.0/24", "2001:db8:53::/48"]) {
      await mini.transit.waitForEvent(fits(prefix), { ...PATIENCE, sinceMs });
    }
    assert.deepEqual(updates(mini, sinceMs), [
      "pop4 announced 192.0.2.0/24",
      "pop6 announced 2001:db8:53::/48",
    ]);
    const [route] = await mini.transit.routes("192.0.2.0/24");
    assert.equal(route?.attributes.get("med"), "77");
    assert.equal(route?.attributes.get("community"), "(65535,0)");
    await waitForDecision(mini.pop, { from: "up", to: "up", reason: "reconfigured" });
  });

  for (const [name, text] of [
    ["an invalid file", "services: { web: { prefixes: [192.0.2.1/24] } }\n"],
    ["an empty file", ""],
    ["what is no YAML", "services: [\u0000"],
  ] as const) {
    test(`with ${name} keeps the last good configuration, and says so`, async () => {
      const sinceMs = wallClockMs();
      await reload(text);
      const status = await readStatus(mini.pop);
      assert.equal(status?.config.current, false);
      assert.ok((status?.config.problems.length ?? 0) > 0);
      assert.equal(status?.services[0]?.state, "up");
      assert.deepEqual(updates(mini, sinceMs), []);
    });
  }

  test("that would withdraw more than half of what is announced is refused", async () => {
    const sinceMs = wallClockMs();
    await reload(`services:
  other:
    prefixes: [198.51.100.0/24]
    scope: local
    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`);
    const status = await readStatus(mini.pop);
    assert.match(status?.config.problems[0] ?? "", /would withdraw 2 of 2/);
    await waitForDecision(mini.pop, { reason: "mass-withdrawal" }, null);
    assert.deepEqual(updates(mini, sinceMs), []);
  });

  test("with a mended file goes on from where it was", async () => {
    const sinceMs = wallClockMs();
    await reload(config("    announce: { med: 77, communities: [graceful-shutdown] }\n"));
    const status = await readStatus(mini.pop);
    assert.deepEqual([status?.config.current, status?.problems], [true, []]);
    assert.deepEqual(updates(mini, sinceMs), []);
  });

  test("withdraws a prefix that the file no longer has, with the attributes last announced", async () => {
    const sinceMs = wallClockMs();
    await reload(config().replace(', "2001:db8:53::/48"', ""));
    await mini.transit.waitForNoRoute("2001:db8:53::/48", "pop6", PATIENCE);
    const withdrawal = await waitUntil("the withdrawal in the audit", () =>
      mini.pop
        .audit()
        .flatMap(({ commands }) => commands)
        .find((line) => line.startsWith("withdraw")),
    );
    assert.match(withdrawal, /^withdraw route 2001:db8:53::\/48 next-hop self .*med 77/);
    assert.ok(updates(mini, sinceMs).every((update) => !update.includes("withdrawn 192.0.2.0/24")));
  });
});

describe("anyctl reload", () => {
  let mini: MiniLab;
  const two = (announce = "") => `defaults: { interval: 1s, fast-interval: 100ms }
services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
${announce}    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
  six:
    prefixes: ["2001:db8:53::/48"]
    scope: local
    checks: { ipv4: { type: http, url: "http://192.0.2.53/healthz" } }
`;
  const other = two()
    .replace("192.0.2.0/24", "198.51.100.0/24")
    .replace("2001:db8:53::/48", "2001:db8:54::/48");
  before(async () => {
    mini = await createMiniLab({ config: two() });
    await waitForRoutes(mini);
  });
  after(() => mini.remove());

  const sinceOf = (status: Awaited<ReturnType<typeof readStatus>>) =>
    status?.services.flatMap(({ checks }) => checks.map(({ since }) => since));

  /** The record of the last reload. */
  const record = (reason: string) => waitForDecision(mini.pop, { reason }, null);

  test("with a changed attribute is exactly one UPDATE, and nothing else is touched", async () => {
    const { pop, transit } = mini;
    const sinceMs = wallClockMs();
    const earlier = await readStatus(pop);
    pop.writeConfig(two("    announce: { med: 77 }\n"));
    const diff = await pop.anyctl("config", "diff");
    assert.equal(diff.status, 0, diff.stderr);
    assert.match(diff.stdout, /^Announced anew at once: 192\.0\.2\.0\/24$/m);
    assert.deepEqual(updates(mini, sinceMs), [], "the diff changes nothing");
    const done = await pop.anyctl("reload");
    assert.equal(done.status, 0, done.stderr);
    const fits = { kind: "announced", prefix: "192.0.2.0/24", session: "pop4" } as const;
    await transit.waitForEvent(fits, { ...PATIENCE, sinceMs });
    const { actor, configFrom, configTo } = await record("reloaded");
    assert.equal(actor, "uid:0(root)");
    const later = await readStatus(pop);
    assert.deepEqual(
      [configFrom, configTo],
      [earlier?.config.hash.slice(0, 12), later?.config.hash.slice(0, 12)],
    );
    assert.deepEqual(sinceOf(later), sinceOf(earlier), "counters and verdicts went on");
    assert.deepEqual(updates(mini, sinceMs), ["pop4 announced 192.0.2.0/24"]);
  });

  test("of an empty file is refused, and nothing is sent", async () => {
    const sinceMs = wallClockMs();
    mini.pop.writeConfig("");
    const { status, stderr } = await mini.pop.anyctl("reload");
    assert.equal(status, 1);
    assert.match(stderr, /services/);
    assert.equal((await record("invalid-configuration")).actor, "uid:0(root)");
    assert.deepEqual(updates(mini, sinceMs), []);
  });

  test("that takes away all is refused, nothing is sent; with --force it is done", async () => {
    const { pop } = mini;
    const sinceMs = wallClockMs();
    pop.writeConfig(other);
    const refused = await pop.anyctl("reload");
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /would withdraw 2 of 2 announced prefixes/);
    assert.equal((await record("mass-withdrawal")).actor, "uid:0(root)");
    assert.deepEqual(updates(mini, sinceMs), []);
    const forced = await pop.anyctl("reload", "--force");
    assert.equal(forced.status, 0, forced.stderr);
    await waitForNoRoutes(mini);
    assert.deepEqual(
      updates(mini, sinceMs).filter((update) => update.includes("withdrawn")),
      ["pop4 withdrawn 192.0.2.0/24", "pop6 withdrawn 2001:db8:53::/48"],
    );
    await record("reloaded");
  });
});

describe("an agent that starts with an invalid file", () => {
  test("goes on with the last good one: the route stays", async (t) => {
    const mini = await createMiniLab({ config: config() });
    t.after(() => mini.remove());
    await waitForRoutes(mini);
    const sinceMs = wallClockMs();
    const { pop } = mini;
    pop.writeConfig("services: {}\n");
    const killed = pop.exabgp.agentPid() ?? 0;
    process.kill(killed, "SIGKILL");
    await pop.exabgp.waitForAgent({ ...PATIENCE, otherThan: killed });
    const status = await waitForStatus(
      pop,
      "the service to be up",
      (seen) => seen.services[0]?.state === "up",
    );
    assert.equal(status.config.origin, "last-good");
    assert.deepEqual(updates(mini, sinceMs), []);
    // It still judges.
    await pop.web.kill();
    await waitForNoRoutes(mini);
  });

  test("and has no last good one announces nothing, answers, and starts when the file is mended", async (t) => {
    const mini = await createMiniLab({ config: "services: {}\n" });
    t.after(() => mini.remove());
    const { pop } = mini;
    await waitForSessions(mini);
    const status = await waitForStatus(pop, "the agent to answer", () => true);
    assert.equal(status.config.origin, "none");
    assert.ok(status.config.problems.length > 0);
    const pid = pop.exabgp.agentPid();
    pop.writeConfig(config());
    await waitForRoutes(mini);
    assert.equal(pop.exabgp.agentPid(), pid, "it did not restart");
  });
});
