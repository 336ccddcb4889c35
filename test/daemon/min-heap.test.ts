import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { MinHeap } from "../../src/daemon/min-heap.ts";

it("a heap gives what a sorted list gives", () => {
  let shifts = 0;
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 50 }))), (orders) => {
      const heap = new MinHeap();
      let list: number[] = [];
      for (const order of orders) {
        if (order === null) {
          if (list.length > 2) shifts += 1;
          assert.equal(heap.shift(), list.shift());
        } else {
          heap.push(order);
          list = [...list, order].toSorted((a, b) => a - b);
        }
        assert.equal(heap.first(), list[0]);
      }
      while (list.length > 0) assert.equal(heap.shift(), list.shift());
      assert.equal(heap.shift(), undefined);
    }),
  );
  assert.ok(shifts > 20, "the runs were too shallow");
});
