import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { manualTimers } from "../checks/manual-timers.ts";
import { Timetable } from "../../src/daemon/timetable.ts";

/** A table on a clock of the test's; what runs writes its name and the time. */
function table() {
  const timers = manualTimers();
  const startMs = timers.nowMs();
  const timetable = new Timetable(timers);
  const ran: string[] = [];
  const at = (afterMs: number, name: string, costMs = 0) =>
    timetable.at(startMs + afterMs, () => {
      ran.push(`${name} ${timers.nowMs() - startMs}`);
      timers.stall(costMs);
    });
  return { timers, timetable, ran, at, startMs };
}

describe("Timetable", () => {
  it("runs in the order of time, and together what is due together, by one timer", () => {
    const { timers, ran, at } = table();
    at(40, "c");
    at(20, "a");
    at(20, "b");
    assert.equal(timers.pending, 1);
    timers.advance(19);
    assert.deepEqual(ran, []);
    timers.advance(100);
    assert.deepEqual(ran, ["a 20", "b 20", "c 40"]);
    assert.equal(timers.pending, 0);
  });

  it("runs nothing that was cancelled, and waits for nothing then", () => {
    const { timers, ran, at } = table();
    const cancels = [at(20, "a"), at(20, "b"), at(30, "c")];
    cancels[0]?.();
    timers.advance(25);
    assert.deepEqual(ran, ["b 20"]);
    cancels[2]?.();
    assert.equal(timers.pending, 0);
    timers.advance(100);
    assert.deepEqual(ran, ["b 20"]);
  });

  it("knows a moment again that was cancelled", () => {
    const { timers, ran, at } = table();
    at(20, "a")();
    at(20, "b");
    at(30, "c");
    timers.advance(100);
    assert.deepEqual(ran, ["b 20", "c 30"]);
  });

  it("lets the event loop turn when what is due takes long, and goes on with the rest", () => {
    const { timers, ran, at } = table();
    for (const name of ["a", "b", "c", "d", "e"]) at(20, name, 2);
    let turns = 0;
    // Due at the same moment: a loop that has its turn runs it before the rest.
    timers.advance(19);
    timers.after(2, () => (turns = ran.length));
    timers.advance(1);
    assert.deepEqual(ran, ["a 20", "b 22", "c 24"]);
    timers.advance(10);
    assert.deepEqual(ran, ["a 20", "b 22", "c 24", "d 26", "e 28"]);
    assert.equal(turns, 3);
  });

  it("goes on after something that throws", () => {
    const { timers, timetable, ran, at, startMs } = table();
    timetable.at(startMs + 20, () => {
      throw new Error("a bug");
    });
    at(20, "b");
    assert.throws(() => timers.advance(20), /a bug/);
    timers.advance(1);
    assert.deepEqual(ran, ["b 20"]);
  });

  it("runs at once what is to be run soon, but not a thousand in one turn", () => {
    const { timers, timetable } = table();
    let ran = 0;
    for (let nth = 0; nth < 1000; nth += 1) {
      timetable.soon(timers.nowMs(), () => {
        ran += 1;
        timers.stall(1);
      });
    }
    assert.ok(ran > 0 && ran <= 50, `${ran} ran at once`);
    timers.advance(2000);
    assert.equal(ran, 1000);
  });
});
