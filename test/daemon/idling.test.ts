import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { CheckPlan } from "../../src/config/plan.ts";
import { count, hostMs } from "../../src/daemon/crash-loop.ts";
import { Idling } from "../../src/daemon/idling.ts";
import type { Loop } from "../../src/daemon/loop.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { manualClock, memoryLog, tcpCheck } from "./fixtures.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is only handed on
const LOOP = {} as Loop;

/** An agent after so many crashes, a millisecond apart, the first of them so long ago. */
function scene(t: TestContext, crashes: number, agoMs = 1000) {
  const path = join(temporaryFolder(t), "starts");
  const nowMs = hostMs();
  for (let pid = 1; pid <= crashes; pid += 1) count(path, "one", pid, nowMs - agoMs + pid);
  const start = count(path, "one", 99, nowMs);
  const clock = manualClock();
  const problems = new Problems(clock, memoryLog().log);
  const said: string[] = [];
  const probed: string[][] = [];
  const idling = new Idling({
    clock,
    problems,
    start,
    watchdog: {
      idle: (what, maxMs) => said.push(`${what} ${Math.round(Number(maxMs) / 1000)} s`),
      ready: (loop) => said.push(loop === LOOP ? "ready" : "ready without a loop"),
    },
    prober: { probe: (checks) => void probed.push(checks.map(({ id }) => id)) },
  });
  const rested: number[] = [];
  idling.start({ rest: (untilMs) => void rested.push(Math.round(untilMs - clock.nowMs())) });
  const words = () => problems.list().map(({ word }) => word);
  return { clock, idling, said, probed, rested, words };
}

const checks = (id: string): CheckPlan[] => [tcpCheck(id, 9)];

describe("an agent", () => {
  it("works at once where it need not idle", (t) => {
    const { idling, said, probed, rested, words } = scene(t, 2);
    idling.probe(checks("web/port"));
    idling.running(LOOP);
    assert.deepEqual([said, probed, rested, words()], [["ready"], [["web/port"]], [], []]);
  });

  it("that idles probes what is configured when it is over, and is ready then", (t) => {
    const { clock, idling, said, probed, rested, words } = scene(t, 3);
    idling.probe(checks("web/port"));
    idling.running(LOOP);
    idling.probe(checks("web/other"));
    assert.deepEqual(words(), ["crash-loop"]);
    assert.ok((rested[0] ?? 0) > 14_500 && (rested[0] ?? 0) <= 15_000, String(rested));
    const now = { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
    const { probesFromMs = 0 } = idling.moment(now);
    assert.equal(Math.round(probesFromMs - now.nowMs), rested[0]);
    clock.advance(14_400);
    assert.deepEqual(probed, []);
    clock.advance(600);
    assert.deepEqual(idling.moment(now), now);
    assert.deepEqual([probed, words()], [[["web/other"]], []]);
    assert.match(said[0] ?? "", /^crash-loop: idles until \d{4}-\S+Z 120 s$/);
    assert.deepEqual(said.slice(1), ["ready"]);
  });

  it("tells systemd in all its lives together for two minutes that it idles", (t) => {
    // The fourth of them began to idle 50 s ago.
    const { said } = scene(t, 4, 50_000);
    assert.match(said[0] ?? "", / 70 s$/);
  });

  it("does not probe after it was told to end", (t) => {
    const { clock, idling, probed } = scene(t, 3);
    idling.probe(checks("web/port"));
    idling.stop();
    clock.advance(60_000);
    assert.deepEqual(probed, []);
  });
});
