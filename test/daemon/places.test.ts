import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { manualTimers } from "../checks/manual-timers.ts";
import { Places, type Visit } from "../../src/daemon/places.ts";

/** Places on a clock of the test's; who has one is in `inside`, in the order of coming in. */
function places(count: number) {
  const timers = manualTimers();
  const inside: string[] = [];
  const problems: (string | undefined)[] = [];
  const all = new Places({ timers, count, crowded: (detail) => problems.push(detail) });
  const enter = (name: string, isSlow = false) => {
    const visit: Visit = { isSlow, start: () => inside.push(name) };
    all.enter(visit);
    return () => {
      all.leave(visit);
      if (inside.includes(name)) inside.splice(inside.indexOf(name), 1);
    };
  };
  return { timers, inside, problems, all, enter };
}

describe("Places", () => {
  it("are given to those who came first", () => {
    const { inside, enter } = places(2);
    const leave = ["a", "b", "c", "d"].map((name) => enter(name));
    assert.deepEqual(inside, ["a", "b"]);
    leave[1]?.();
    assert.deepEqual(inside, ["a", "c"]);
    leave[0]?.();
    assert.deepEqual(inside, ["c", "d"]);
  });

  it("leave a part that slow ones never have, also when they came first", () => {
    const { timers, inside, enter } = places(8);
    for (let nth = 0; nth < 20; nth += 1) enter(`slow${nth}`, true);
    assert.equal(inside.length, 6);
    timers.advance(1);
    enter("quick")();
    const leave = enter("another");
    assert.ok(inside.includes("another"));
    leave();
    assert.equal(inside.length, 6);
  });

  it("let slow ones have their turn among quick ones", () => {
    const { timers, inside, enter } = places(2);
    const first = enter("a");
    enter("b");
    timers.advance(1);
    enter("slow", true);
    timers.advance(1);
    enter("c");
    first();
    assert.deepEqual(inside, ["b", "slow"]);
  });

  it("count one that was quick and hangs now among the slow", () => {
    const { timers, inside, enter } = places(4);
    for (const name of ["a", "b", "c"]) enter(name);
    timers.advance(300);
    enter("slow", true);
    assert.deepEqual(inside, ["a", "b", "c"]);
    enter("quick");
    assert.deepEqual(inside, ["a", "b", "c", "quick"]);
  });

  it("are not waited for by one that gave up", () => {
    const { inside, enter } = places(1);
    const first = enter("a");
    const second = enter("b");
    enter("c");
    second();
    first();
    assert.deepEqual(inside, ["c"]);
  });

  it("may become more", () => {
    const { inside, all, enter } = places(1);
    enter("a");
    enter("b");
    all.resize(2);
    assert.deepEqual(inside, ["a", "b"]);
  });

  it("are a problem while somebody waits for long, and not afterwards", () => {
    const { timers, problems, enter } = places(1);
    const first = enter("a");
    const second = enter("b");
    timers.advance(1900);
    assert.deepEqual(problems, []);
    timers.advance(100);
    assert.deepEqual(problems, [
      "1 checks wait to be probed, one for 2 s: 1 of at most 1 attempts are under way, 0 of them slow",
    ]);
    first();
    assert.equal(problems.length, 2);
    assert.equal(problems[1], undefined);
    assert.equal(timers.pending, 0);
    second();
  });

  it("never have more than they are, and nobody waits for ever", () => {
    let waits = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 150 })), {
          minLength: 30,
          maxLength: 60,
        }),
        (count, orders) => {
          const { timers, inside, enter } = places(count);
          const leaving: (() => void)[] = [];
          for (const [at, [isSlow, ms]] of orders.entries()) {
            leaving.push(enter(String(at), isSlow));
            if (ms % 3 === 0) leaving.shift()?.();
            timers.advance(ms);
            assert.ok(inside.length <= count);
            if (inside.length < leaving.length) waits += 1;
          }
          while (leaving.length > 0) {
            assert.ok(inside.length > 0, "somebody waits for a place that is free");
            const gone = inside[0];
            leaving.shift()?.();
            assert.ok(inside.length <= count);
            assert.ok(gone !== undefined);
          }
          assert.equal(timers.pending, 0);
        },
      ),
    );
    assert.ok(waits > 100, "the runs were too shallow");
  });
});
