import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  CRASH_LOOP_IDLE_MS,
  judgeStart,
  type Stage,
  type Start,
  STARTS_WINDOW_MS,
} from "../../src/daemon/start-verdict.ts";

const IDLE = CRASH_LOOP_IDLE_MS;

interface Life {
  /** How long it lives once it works, or 0. */
  readonly livesMs: number;
  readonly end: Stage;
}

/** Starts one after another, each as soon as the last has ended, none of them while it idles. */
function live(lives: readonly Life[]): (Start & { readonly isBlind: boolean })[] {
  const starts: (Start & { readonly isBlind: boolean })[] = [];
  let nowMs = 1_000_000;
  for (const [pid, { livesMs, end }] of lives.entries()) {
    const { idleMs, loopSinceMs, isBlind } = judgeStart(starts, nowMs);
    starts.push({ life: "x", pid, atMs: nowMs, idleMs, loopSinceMs, isBlind, stage: end });
    nowMs += idleMs + livesMs;
  }
  return starts;
}

const crash = (livesMs = 0): Life => ({ livesMs, end: "running" });
const clean = (livesMs = 0): Life => ({ livesMs, end: "clean" });

const cases: { name: string; lives: Life[]; idles: number[] }[] = [
  { name: "a first start works at once", lives: [crash()], idles: [0] },
  {
    name: "so do the first two after a crash",
    lives: [crash(), crash(), crash()],
    idles: [0, 0, 0],
  },
  {
    name: "the third after a crash idles, and the next as long as ExaBGP counts",
    lives: [crash(), crash(), crash(), crash(), crash()],
    idles: [0, 0, 0, IDLE, STARTS_WINDOW_MS + 1000 - IDLE],
  },
  {
    name: "crashes 40 s apart are no loop",
    lives: [1, 2, 3, 4, 5, 6].map(() => crash(40_000)),
    idles: [0, 0, 0, 0, 0, 0],
  },
  {
    name: "crashes 20 s apart are one",
    lives: [1, 2, 3, 4, 5].map(() => crash(20_000)),
    idles: [0, 0, 0, IDLE, IDLE],
  },
  {
    name: "clean ends are none, but the fifth start idles: ExaBGP counts them too",
    lives: [1, 2, 3, 4, 5].map(() => clean(1000)),
    idles: [0, 0, 0, 0, STARTS_WINDOW_MS + 1000 - 4000],
  },
  {
    name: "clean ends between crashes do not hide them",
    lives: [crash(), clean(), crash(), crash(), crash()],
    idles: [0, 0, 0, 0, STARTS_WINDOW_MS + 1000],
  },
  {
    name: "a minute without a crash ends it",
    lives: [crash(), crash(), crash(), crash(70_000), crash()],
    idles: [0, 0, 0, IDLE, 0],
  },
];

describe("a start", () => {
  for (const { name, lives, idles } of cases) {
    it(name, () =>
      assert.deepEqual(
        live(lives).map(({ idleMs }) => idleMs),
        idles,
      ),
    );
  }

  it("says why it idles", () => {
    const whys = (lives: Life[]) => judgeStart(live(lives), 1_000_100).why;
    assert.equal(whys([crash(), crash()]), "");
    assert.match(whys([crash(), crash(), crash()]), /without being told to 3 times within 64 s$/);
    assert.match(
      whys([1, 2, 3, 4].map(() => clean(20))),
      /started 5 times within 64 s, and ExaBGP/,
    );
  });

  it("of one loop knows when the loop began, over all its lives", () => {
    const starts = live([1, 2, 3, 4, 5, 6, 7, 8].map(() => crash()));
    const [first] = starts.flatMap(({ loopSinceMs }) => loopSinceMs ?? []);
    const idling = starts.filter(({ idleMs }) => idleMs > 0);
    assert.ok(idling.length > 3);
    for (const { loopSinceMs } of idling) assert.equal(loopSinceMs, first);
    const later = live([
      ...[1, 2, 3, 4].map(() => crash()),
      crash(70_000),
      ...[1, 2, 3, 4].map(() => crash()),
    ]);
    assert.ok((later.at(-1)?.loopSinceMs ?? 0) > (first ?? 0));
  });

  it("idles before the program is loaded only if no life of the minute came so far as to decide", () => {
    const begun: Life = { livesMs: 0, end: "begun" };
    const blind = (lives: Life[]) => live(lives).map(({ isBlind }) => isBlind);
    assert.deepEqual(blind([begun, begun, begun, begun, begun].slice(0, 4)), [
      false,
      false,
      false,
      false,
    ]);
    assert.equal(blind([begun, begun, begun, begun, begun]).at(-1), true);
    assert.equal(blind([begun, begun, crash(), begun, begun]).at(-1), false);
  });

  it("never lets ExaBGP count a sixth in 64 s, however the lives before it ended", () => {
    let crowded = 0;
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            livesMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30_000 })),
            end: fc.constantFrom<Stage>("begun", "running", "clean"),
          }),
          { minLength: 6, maxLength: 30 },
        ),
        fc.integer({ min: 0, max: STARTS_WINDOW_MS - 1 }),
        (lives, offsetMs) => {
          const buckets = new Map<number, number>();
          for (const { atMs } of live(lives)) {
            // As ExaBGP does: whole seconds of its clock, of which nobody knows where a bucket begins.
            const bucket = Math.floor(Math.floor((atMs + offsetMs) / 1000) / 64);
            buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
          }
          const most = Math.max(...buckets.values());
          if (most === 5) crowded += 1;
          return most <= 5;
        },
      ),
      { numRuns: 500 },
    );
    assert.ok(crowded > 50, `only ${crowded} runs came close`);
  });
});
