import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Places, type Leave } from "../../checks/places.ts";

const never = new AbortController().signal;
// Here all wait by one signal; each attempt has its own.
setMaxListeners(0, never);

describe("places", () => {
  test("are given in the order of asking, one in each turn of the event loop", async () => {
    const places = new Places({ max: 2 });
    const entered: number[] = [];
    const leaves = [0, 1, 2].map(async (nth) => {
      const leave = await places.enter(false, never);
      entered.push(nth);
      return leave;
    });
    assert.equal(places.taken, 0);
    await turn();
    assert.deepEqual(entered, [0]);
    await turn();
    assert.deepEqual(entered, [0, 1]);
    await turn();
    assert.deepEqual(entered, [0, 1]);
    const leave = await leaves[0];
    leave?.();
    leave?.();
    await leaves[2];
    assert.equal(places.taken, 2);
  });

  test("who gives up waits no longer, and takes none", async () => {
    const places = new Places({ max: 1 });
    const leave = await places.enter(false, never);
    const abort = new AbortController();
    const waiting = places.enter(false, abort.signal);
    const next = places.enter(false, never);
    abort.abort();
    assert.equal(await waiting, undefined);
    assert.equal(await places.enter(false, abort.signal), undefined);
    leave?.();
    assert.notEqual(await next, undefined);
    assert.equal(places.taken, 1);
  });

  test("the slow take their part only, and the quick pass by them", async () => {
    const places = new Places({ max: 3, slowMax: 1 });
    const entered: string[] = [];
    for (const name of ["slow 1", "slow 2", "quick 1", "slow 3", "quick 2", "quick 3"]) {
      void places.enter(name.startsWith("slow"), never).then(() => entered.push(name));
    }
    for (let nth = 0; nth < 10; nth += 1) await turn();
    assert.deepEqual(entered, ["slow 1", "quick 1", "quick 2"]);
  });

  test("never more than allowed are inside, and everybody gets in at last", async () => {
    let fullest = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        async (max, kinds) => {
          const slowMax = Math.ceil(max / 2);
          const places = new Places({ max, slowMax });
          const inside: { isSlow: boolean; leave: Leave }[] = [];
          let entered = 0;
          const enter = async (isSlow: boolean): Promise<void> => {
            const leave = await places.enter(isSlow, never);
            entered += 1;
            if (leave !== undefined) inside.push({ isSlow, leave });
          };
          for (const isSlow of kinds) {
            void enter(isSlow);
          }
          for (let nth = 0; nth < 4 * kinds.length && entered < kinds.length; nth += 1) {
            await turn();
            assert.ok(inside.length <= max);
            assert.ok(inside.filter(({ isSlow }) => isSlow).length <= slowMax);
            assert.equal(places.taken, inside.length);
            fullest = Math.max(fullest, inside.length);
            if (nth % 2 === 1) inside.shift()?.leave();
          }
          assert.equal(entered, kinds.length);
        },
      ),
      { numRuns: 100 },
    );
    assert.equal(fullest, 4);
  });
});
