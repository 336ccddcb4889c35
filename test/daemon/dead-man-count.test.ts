import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  countSilence,
  isBlocked,
  SILENCE_MAX_MS,
  TICK_MS,
  type Look,
  type Silence,
} from "../../src/daemon/dead-man-count.ts";

/** One look: since the last one, and whether there was a beat. */
interface Turn {
  readonly afterMs?: number;
  readonly beats?: boolean;
}

/** After which of the looks, counted from 1, the loop counts as blocked; undefined: after none. */
function firesAt(turns: readonly Turn[]): number | undefined {
  let silence: Silence = { beat: 0, silentMs: 0, lookedAtMs: 0 };
  for (const [nth, { afterMs = TICK_MS, beats = false }] of turns.entries()) {
    const look: Look = {
      beat: silence.beat + (beats ? 1 : 0),
      nowMs: silence.lookedAtMs + afterMs,
    };
    silence = countSilence(silence, look);
    if (isBlocked(silence)) return nth + 1;
  }
  return undefined;
}

function times(count: number, turn: Turn = {}): Turn[] {
  return Array.from({ length: count }, () => turn);
}

describe("the silence of the event loop", () => {
  const cases: readonly [string, readonly Turn[], number | undefined][] = [
    ["15 punctual looks without a beat", times(15), 15],
    ["14 of them", times(14), undefined],
    ["a beat at each look", times(100, { beats: true }), undefined],
    ["a beat at the last moment", [...times(14), { beats: true }, ...times(14)], undefined],
    ["a block after beats", [...times(20, { beats: true }), ...times(15)], 35],
    [
      "a minute's stop of the process",
      [...times(14), { afterMs: 60_000 }, ...times(14)],
      undefined,
    ],
    ["a block after a stop", [...times(14), { afterMs: 60_000 }, ...times(15)], 30],
    ["every look late: the host starves", times(1000, { afterMs: 201 }), undefined],
    ["every look a little late", times(15, { afterMs: 199 }), 15],
  ];
  for (const [what, turns, expected] of cases) {
    it(`${what}: ${expected === undefined ? "goes on" : `is too long at look ${expected}`}`, () => {
      assert.equal(firesAt(turns), expected);
    });
  }

  it("is never too long within 1.5 s of a beat or a late look, whatever happens", () => {
    const turn = fc.record({
      afterMs: fc.integer({ min: 60, max: 205 }),
      beats: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)),
    });
    let fired = 0;
    fc.assert(
      fc.property(fc.array(turn, { minLength: 20, maxLength: 60 }), (turns) => {
        const at = firesAt(turns);
        if (at === undefined) return;
        fired += 1;
        const seen = turns.slice(0, at);
        const from = seen.findLastIndex(({ afterMs, beats }) => beats || afterMs > 200);
        const silentMs = seen.slice(from + 1).reduce((sum, { afterMs }) => sum + afterMs, 0);
        assert.ok(silentMs >= SILENCE_MAX_MS);
      }),
      { numRuns: 2000 },
    );
    assert.ok(fired > 5, `fired ${fired} times only: the runs are too shallow`);
  });
});
