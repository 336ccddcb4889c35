/** What a watchdog does, whatever is in it: the real one shows all of it, none of the mutants does. */
import assert from "node:assert/strict";
import { planWith, Scene, type WatchdogClass } from "./watchdog-scene.ts";

/** A question may come first, whose answer takes a look. */
const LATE_MS = 1000;

/** What systemd's ten seconds leave at least, when ExaBGP is slow. */
const GAP_MAX_MS = 6000;

export interface Behaviour {
  readonly name: string;
  readonly show: (Class: WatchdogClass) => void;
}

export const BEHAVIOURS: readonly Behaviour[] = [
  {
    name: "pings three times in the time that systemd waits, as long as all is well",
    show(Class) {
      const scene = new Scene(Class).go();
      scene.clock.advance(600_000);
      assert.ok(longestGap(scene.pings) <= 10_000 / 3, `${longestGap(scene.pings)}`);
      assert.ok(scene.pings.length <= 200, `${scene.pings.length}`);
      assert.ok(scene.questions.length <= 200, `${scene.questions.length}`);
      assert.deepEqual(scene.problems, []);
    },
  },
  {
    name: "asks nothing of an ExaBGP that talks anyway",
    show(Class) {
      const scene = new Scene(Class).go();
      for (let count = 0; count < 600; count += 1) {
        scene.clock.advance(100);
        scene.hear();
      }
      assert.deepEqual(scene.questions, []);
      assert.ok(scene.pings.length >= 17, `${scene.pings.length}`);
    },
  },
  {
    name: "does not ping for an ExaBGP that answers nothing, says so, and pings when it answers again",
    show(Class) {
      const scene = new Scene(Class).go();
      scene.clock.advance(60_000);
      scene.answers = false;
      scene.clock.advance(LATE_MS);
      scene.clock.advance(60_000);
      assert.deepEqual(scene.pingsSince(61_000), []);
      assert.match(scene.problem ?? "", /^no pings for systemd: ExaBGP has answered nothing/);
      assert.match(scene.said.at(-1) ?? "", /^no pings: exabgp-silent; well$/);
      assert.equal(scene.watchdog.counts.withheld, "exabgp-silent");
      scene.wake();
      scene.clock.advance(LATE_MS);
      assert.equal(scene.pingsSince(121_000).length, 1);
      assert.equal(scene.problem, undefined);
      assert.equal(scene.watchdog.counts.withheld, undefined);
    },
  },
  {
    name: "takes an ExaBGP for silent before systemd ends it, and not before it was silent for 4 s",
    show(Class) {
      for (let phaseMs = 0; phaseMs < 4000; phaseMs += 190) {
        const scene = new Scene(Class).go();
        scene.clock.advance(60_000 + phaseMs);
        scene.answers = false;
        const stoppedMs = scene.nowMs;
        while (scene.problem === undefined && scene.nowMs < 80_000) scene.clock.advance(50);
        const toldMs = scene.nowMs - stoppedMs;
        const lastMs = scene.pings.at(-1) ?? 0;
        assert.ok(toldMs >= 3900, `after ${toldMs} ms`);
        assert.ok(scene.nowMs < lastMs + 10_000 - LATE_MS, `${scene.nowMs} after ${lastMs}`);
        assert.ok(lastMs <= stoppedMs + LATE_MS, `${lastMs} after ${stoppedMs}`);
      }
    },
  },
  {
    name: "pings for an ExaBGP that is slow",
    show(Class) {
      const scene = new Scene(Class, { answerMs: 1700 }).go();
      scene.clock.advance(600_000);
      assert.ok(longestGap(scene.pings) <= GAP_MAX_MS, `${longestGap(scene.pings)}`);
      assert.deepEqual(scene.problems, []);
    },
  },
  {
    name: "does not ping when no results come, names the check, and pings when they come again",
    show(Class) {
      const scene = new Scene(Class).go();
      scene.clock.advance(60_000);
      for (const check of ["a/port", "b/port"]) scene.stuck.add(check);
      // Slow interval 2 s, two timeouts of 500 ms, and 10 s.
      scene.clock.advance(12_000);
      assert.equal(scene.problem, undefined);
      scene.clock.advance(3000);
      scene.clock.advance(60_000);
      assert.deepEqual(scene.pingsSince(75_000), []);
      assert.match(
        scene.problem ?? "",
        /: no result of a\/port has come for 1[34] s, nor of 1 oth/,
      );
      assert.equal(scene.watchdog.counts.withheld, "probes-stopped");
      scene.stuck.clear();
      scene.clock.advance(5000);
      assert.ok(scene.pingsSince(135_000).length > 0);
      assert.equal(scene.problem, undefined);
    },
  },
  {
    name: "does not ping when one check of two gets no results",
    show(Class) {
      const scene = new Scene(Class).go();
      scene.clock.advance(60_000);
      scene.stuck.add("b/port");
      scene.clock.advance(75_000);
      assert.deepEqual(scene.pingsSince(75_000), []);
      assert.match(scene.problem ?? "", /no result of b\/port has come for 1[34] s$/);
    },
  },
  {
    name: "pings while a check waits for a place, as long as others bring results, and not for ever",
    show(Class) {
      const scene = new Scene(Class).go();
      scene.waiting.add("b/port");
      scene.clock.advance(120_000);
      assert.deepEqual(scene.problems, []);
      scene.waiting.delete("b/port");
      scene.clock.advance(12_000);
      assert.deepEqual(scene.problems, []);
      for (const check of ["a/port", "b/port"]) scene.waiting.add(check);
      scene.clock.advance(30_000);
      assert.match(scene.problem ?? "", /no result of/);
    },
  },
  {
    name: "pings for checks that are made rarely, and for a plan without any",
    show(Class) {
      const rare = { intervalMs: 3_600_000, slowIntervalMs: 3_600_000, timeoutMs: 60_000 };
      for (const plan of [planWith(rare), { pop: "test1", services: [] }]) {
        const scene = new Scene(Class, { plan }).go();
        scene.clock.advance(2 * 3_600_000);
        assert.deepEqual(scene.problems, []);
        assert.ok(longestGap(scene.pings) <= 10_000 / 3);
      }
    },
  },
  {
    name: "after a standstill of the agent waits for ExaBGP, and holds nothing against probes",
    show(Class) {
      const scene = new Scene(Class).go();
      scene.clock.advance(60_000);
      const before = scene.pings.length;
      scene.answers = false;
      scene.clock.stall(3_600_000);
      scene.clock.advance(1500);
      assert.equal(scene.pings.length, before);
      scene.wake();
      scene.clock.advance(LATE_MS);
      assert.equal(scene.pings.length, before + 1);
      assert.deepEqual(scene.problems, []);
      // Nor does it take ExaBGP for silent because it could not read its answers itself.
      scene.answers = false;
      for (let count = 0; count < 5; count += 1) {
        scene.clock.stall(5000);
        scene.clock.advance(300);
      }
      assert.deepEqual(scene.problems, []);
    },
  },
  {
    name: "while it idles pings from the beat of its loop, for as long as it may",
    show(Class) {
      const scene = new Scene(Class);
      scene.watchdog.idle("crash-loop: idles 15 s");
      assert.equal(scene.said.at(-1), "crash-loop: idles 15 s");
      scene.clock.advance(118_000);
      assert.ok(longestGap([0, ...scene.pings, 118_000]) <= 10_000 / 3);
      assert.equal(scene.readySaid, 0);
      scene.clock.advance(4000);
      assert.match(scene.problem ?? "", /has not worked for too long/);
      const count = scene.pings.length;
      scene.clock.advance(60_000);
      assert.equal(scene.pings.length, count);
      scene.go();
      scene.clock.advance(LATE_MS);
      assert.equal(scene.pings.length, count + 1);
      assert.equal(scene.problem, undefined);
      assert.equal(scene.readySaid, 1);
    },
  },
  {
    name: "pings nobody who does not wait for it, and asks nothing then, but says how it is",
    show(Class) {
      const scene = new Scene(Class, { watchdogMs: undefined }).go();
      scene.stuck.add("a/port");
      scene.clock.advance(120_000);
      assert.deepEqual([scene.pings, scene.questions, scene.problems], [[], [], []]);
      assert.equal(scene.readySaid, 1);
      assert.equal(scene.said.at(-1), "well");
    },
  },
  {
    name: "says how it is when that changes, and at most once a second",
    show(Class) {
      const scene = new Scene(Class).go();
      scene.clock.advance(30_000);
      const count = scene.said.length;
      scene.clock.advance(30_000);
      assert.equal(scene.said.length, count);
      for (let at = 0; at < 100; at += 1) {
        scene.how = `well, ${at}`;
        scene.clock.advance(130);
      }
      const more = scene.said.length - count;
      assert.ok(more >= 2 && more <= 14, `${more}`);
    },
  },
];

function longestGap(moments: readonly number[]): number {
  return Math.max(...moments.slice(1).map((atMs, at) => atMs - (moments[at] ?? 0)));
}
