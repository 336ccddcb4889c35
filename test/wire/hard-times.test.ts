/** A PoP that is starved, stopped, or has no descriptors, and whose service is healthy: the router hears nothing. Needs root. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { runCommand } from "../lab/command.ts";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { ANYCAST } from "../lab/pop.ts";
import { limitCpu } from "../lab/cpu-limit.ts";
import { cpuTimeMs, sendSignal } from "../lab/process.ts";
import { EXABGP_USER } from "../lab/user.ts";
import { waitUntil, wallClockMs } from "../lab/wait.ts";
import {
  stateOf,
  updates,
  waitForDecision,
  waitForNoRoutes,
  waitForRoutes,
  waitForStatus,
} from "./fixtures.ts";

/** Longer than any stop here: the session is not what is tested. */
const HOLD_S = 240;

const CHECKS = ["ipv4", "ipv6"] as const;

/** Every key has its default. */
function config(): string {
  const checks = CHECKS.map(
    (family) => `      ${family}: { type: http, url: "${ANYCAST[family].url}healthz" }\n`,
  );
  return `services:
  web:
    prefixes: [${ANYCAST.ipv4.prefix}, "${ANYCAST.ipv6.prefix}"]
    scope: local
    checks:
${checks.join("")}`;
}

/** A PoP that is announced, over sessions that survive a long stop. */
async function patientLab(text: string): Promise<MiniLab> {
  const patient = (conf: string) => conf.replaceAll(/(hold[- ]time) 30;/g, `$1 ${HOLD_S};`);
  const mini = await createMiniLab({
    config: text,
    editExabgpConfig: patient,
    startsExabgp: false,
  });
  const { transit, pop } = mini;
  const birdConfig = join(dirname(transit.logFile), "bird.conf");
  writeFileSync(birdConfig, patient(readFileSync(birdConfig, "utf8")));
  await transit.ask("configure");
  await pop.exabgp.start();
  await waitForRoutes(mini);
  return mini;
}

/** What the agent has logged since line `from`, by its message. */
function logged({ pop }: MiniLab, msg: string, from: number): Record<string, unknown>[] {
  return pop.exabgp.agentLog
    .lines()
    .slice(from)
    .filter((line) => line.startsWith("{") && line.includes(`"msg":"${msg}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Whether a process in the network namespace of `pid` has a connection to port 80 (proc_pid_net(5)). */
function isAsking(pid: number): boolean {
  const rows = ["tcp", "tcp6"].map((file) => readFileSync(`/proc/${pid}/net/${file}`, "latin1"));
  return rows.some((text) => /^ *\d+: \S+ [0-9A-F]+:0050 01 /m.test(text));
}

describe("a PoP that stands still", () => {
  let mini: MiniLab;
  before(async () => {
    mini = await patientLab(config());
  });
  after(() => mini.remove());

  /** SIGSTOP to nginx, then to the agent in the midst of an attempt, then to ExaBGP. */
  async function stop(): Promise<number[]> {
    const { web, exabgp } = mini.pop;
    const agent = exabgp.agentPid();
    assert.ok(agent);
    web.hang();
    await waitUntil("an attempt", () => isAsking(agent) || undefined, { everyMs: 5 });
    for (const pid of [agent, exabgp.pid()]) sendSignal(pid, "SIGSTOP");
    return [exabgp.pid(), agent];
  }

  test("for 30 s costs no UPDATE when its service is healthy, and no failure is counted", async () => {
    const from = mini.pop.exabgp.agentLog.lines().length;
    const sent = mini.transit.wireUpdates().length;
    const sinceMs = wallClockMs();
    const stopped = await stop();
    await pause(30_000);
    mini.pop.web.resume();
    for (const pid of stopped) sendSignal(pid, "SIGCONT");
    const status = await waitForStatus(mini.pop, "the agent to have probed again", ({ services }) =>
      services.every(({ checks }) =>
        checks.every(
          ({ last }) => last?.outcome === "pass" && Date.parse(last.at) > sinceMs + 30_000,
        ),
      ),
    );
    assert.equal(stateOf(status, "web"), "up");
    const { detail = "" } = status.problems.find(({ word }) => word === "stalled") ?? {};
    assert.match(detail, /^the agent stood still for (29|3\d)(\.\d)? s/);
    assert.deepEqual(logged(mini, "check failed", from), []);
    assert.ok(logged(mini, "check inconclusive", from).some(({ reason }) => reason === "stalled"));
    assert.deepEqual(updates(mini, sinceMs), []);
    assert.equal(mini.transit.wireUpdates().length, sent);
  });

  test("is withdrawn after a fresh round when its service died before and in the stop", async () => {
    const { web, exabgp } = mini.pop;
    const from = exabgp.agentLog.lines().length;
    await web.kill();
    const nearlyDown = (line: string) => (line.includes('"streak":"2/3"') ? true : undefined);
    await exabgp.agentLog.waitFor("the last but one failure", nearlyDown, { from });
    const agent = exabgp.agentPid();
    assert.ok(agent);
    for (const pid of [agent, exabgp.pid()]) sendSignal(pid, "SIGSTOP");
    await pause(3000);
    const continued = exabgp.agentLog.lines().length;
    assert.deepEqual(logged(mini, "verdict changed", from), [], "too late to stop it");
    for (const pid of [exabgp.pid(), agent]) sendSignal(pid, "SIGCONT");
    await waitForNoRoutes(mini);
    const { check, evidence } = await waitForDecision(mini.pop, { to: "down" });
    assert.match(evidence ?? "", /^(refused|reset)/);
    const failures = logged(mini, "check failed", continued).filter(
      (line) => line["check"] === `web/${check}`,
    );
    // The third one is the verdict.
    assert.deepEqual(
      failures.map(({ streak }) => streak),
      ["1/3", "2/3", ""],
    );
    await web.start();
    await waitForRoutes(mini);
  });
});

describe("a PoP with four times the work that its CPU can do", () => {
  const MINUTE_MS = 60_000;
  /** Each wants the CPU for itself. */
  const BUSY = 4;

  test("for a minute costs no UPDATE with default settings, until its service dies", async (t) => {
    const mini = await patientLab(config());
    t.after(() => mini.remove());
    const sent = mini.transit.wireUpdates().length;
    const sinceMs = wallClockMs();
    const { web, exabgp } = mini.pop;
    const agent = exabgp.agentPid();
    assert.ok(agent);
    const cpu = await pinToOneCpu([agent, exabgp.pid(), ...web.pids()]);
    beBusy(t, BUSY, cpu);
    await pause(MINUTE_MS);
    assert.deepEqual(updates(mini, sinceMs), []);
    assert.equal(mini.transit.wireUpdates().length, sent);
    const status = await waitForStatus(mini.pop, "an answer", () => true);
    assert.equal(stateOf(status, "web"), "up");
    assert.ok(
      status.services[0]?.checks.every(({ staleSince }) => staleSince === undefined),
      "it was not judged at all",
    );
    await web.kill();
    await waitForNoRoutes(mini);
    const { evidence } = await waitForDecision(mini.pop, { to: "down" });
    assert.match(evidence ?? "", /^(refused|reset)/);
  });
});

describe("a PoP with a quarter of the CPU that it wants", () => {
  const STARVED_MS = 40_000;
  const MEASURED_MS = 5000;

  test("stands still for most of the time, and costs no UPDATE until its service dies", async (t) => {
    const mini = await patientLab(config());
    t.after(() => mini.remove());
    const { web, exabgp } = mini.pop;
    const agent = exabgp.agentPid();
    assert.ok(agent);
    const pids = [agent, exabgp.pid(), ...web.pids()];
    const usedMs = () => pids.reduce((sum, pid) => sum + cpuTimeMs(pid), 0);
    const beforeMs = usedMs();
    await pause(MEASURED_MS);
    const wanted = (usedMs() - beforeMs) / MEASURED_MS;
    const sent = mini.transit.wireUpdates().length;
    const from = exabgp.agentLog.lines().length;
    const sinceMs = wallClockMs();
    const limit = limitCpu(pids, wanted / 4);
    t.after(() => limit.lift());
    await pause(STARVED_MS);
    const throttledMs = limit.throttledMs();
    await limit.lift();
    const untilMs = wallClockMs();
    const status = await waitForStatus(mini.pop, "the agent to have probed again", ({ services }) =>
      services.every(({ checks }) =>
        checks.every(({ last }) => last?.outcome === "pass" && Date.parse(last.at) > untilMs),
      ),
    );
    t.diagnostic(
      `wanted ${(100 * wanted).toFixed(1)} % of a CPU, stood still for ${throttledMs.toFixed(0)} of ${STARVED_MS} ms`,
    );
    assert.ok(throttledMs > STARVED_MS / 2, `they stood still for ${throttledMs} ms only`);
    assert.deepEqual(updates(mini, sinceMs), []);
    assert.equal(mini.transit.wireUpdates().length, sent);
    const doubtful = logged(mini, "check inconclusive", from).length;
    const failed = logged(mini, "check failed", from).length;
    assert.ok(doubtful > failed, `${doubtful} results in doubt, ${failed} failures counted`);
    assert.equal(exabgp.agentPid(), agent, "it did not restart");
    assert.equal(stateOf(status, "web"), "up");
    await web.kill();
    await waitForNoRoutes(mini);
  });
});

/** One CPU is crowded, with all threads of `pids`: the tests that run at the same time have the others. */
async function pinToOneCpu(pids: readonly number[]): Promise<string> {
  const allowed = /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  const cpu = allowed?.[1] ?? "0";
  for (const pid of pids) await runCommand("taskset", ["-a", "-c", "-p", cpu, String(pid)]);
  return cpu;
}

/**
 * Ended with the test. Each has a session of its own: what is in one shares the part of the CPU that one process would
 * get (sched(7), the autogroup feature).
 */
function beBusy(t: TestContext, processes: number, cpu: string): void {
  for (let nth = 0; nth < processes; nth += 1) {
    const child = spawn("taskset", ["-c", cpu, process.execPath, "--eval", "for (;;);"], {
      stdio: "ignore",
      detached: true,
    });
    t.after(() => child.kill("SIGKILL"));
  }
}

describe("a PoP with 40 descriptors", () => {
  /** More than the descriptors that are left. */
  const MANY = 60;
  const checks = Array.from(
    { length: MANY },
    (_, nth) => `      c${nth}: { type: http, url: "${ANYCAST.ipv4.url}healthz?${nth}" }\n`,
  );
  const text = config().replace(/(checks:\n)[^]*/, `$1${checks.join("")}`);

  test("is never withdrawn, says what it lacks, and recovers", async (t) => {
    const mini = await patientLab(text);
    t.after(() => mini.remove());
    const { pop } = mini;
    const agent = pop.exabgp.agentPid();
    assert.ok(agent);
    // As its own user, who alone may do so without a capability.
    const asUser = ["--reuid", EXABGP_USER, "--regid", EXABGP_USER, "--init-groups"];
    const limit = (count: number) =>
      runCommand("setpriv", [...asUser, "prlimit", "--pid", `${agent}`, `--nofile=${count}:`]);
    const sinceMs = wallClockMs();
    await limit(40);
    await pause(5000);
    const few = await waitForStatus(pop, "an answer", () => true);
    assert.equal(stateOf(few, "web"), "up");
    // Nothing can be opened any more.
    const from = pop.exabgp.agentLog.lines().length;
    await limit(3);
    const isSaid = (line: string) =>
      /"word":"inconclusive-checks".*no-descriptors/.test(line) ? true : undefined;
    await pop.exabgp.agentLog.waitFor("the problem", isSaid, { from, deadlineMs: 30_000 });
    await limit(1024);
    const status = await waitForStatus(pop, "the end of the problem", ({ problems }) =>
      problems.every(({ word }) => word !== "inconclusive-checks"),
    );
    assert.equal(stateOf(status, "web"), "up");
    assert.deepEqual(updates(mini, sinceMs), []);
    assert.deepEqual(logged(mini, "check failed", 0), []);
  });
});
