import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OwnedSaver } from "../../src/daemon/owned-saver.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { manualClock, memoryLog } from "./fixtures.ts";

/** A disk that answers when it is told to. What it was given is `now` or `aside`, and how many saves were wanted then. */
function scene() {
  const clock = manualClock();
  const problems = new Problems(clock, memoryLog().log);
  const written: string[] = [];
  const answers: ((error?: Error) => void)[] = [];
  let wanted = 0;
  const saver = new OwnedSaver({
    clock,
    problems,
    owned: {
      save: () => void written.push(`now ${wanted}`),
      saveAside() {
        written.push(`aside ${wanted}`);
        return new Promise<void>((resolve, reject) => {
          answers.push((error) => (error === undefined ? resolve() : reject(error)));
        });
      },
    },
    routes: () => new Map(),
    before: () => {},
  });
  const want = (how: "now" | "soon") => {
    wanted += 1;
    saver[how]();
  };
  const answer = async (error?: Error) => {
    answers.shift()?.(error);
    await new Promise(setImmediate);
  };
  return { clock, problems, written, want, answer, saver };
}

describe("owned.json, on a disk that does not answer,", () => {
  it("holds up neither a withdrawal nor an announcement, and knows all in the end", async () => {
    const { clock, written, want, answer } = scene();
    want("now");
    clock.advance(1000);
    want("soon");
    assert.deepEqual(written, ["now 1"]);
    clock.advance(0);
    assert.deepEqual(written, ["now 1", "aside 2"]);
    want("now");
    clock.advance(1000);
    want("soon");
    clock.advance(1000);
    assert.deepEqual(written, ["now 1", "aside 2"]);
    await answer();
    assert.deepEqual(written, ["now 1", "aside 2", "aside 4"]);
    await answer();
    want("now");
    assert.deepEqual(written, ["now 1", "aside 2", "aside 4", "now 5"]);
  });

  it("is waited for at the end, with what came meanwhile", async () => {
    const { clock, written, want, answer, saver } = scene();
    want("soon");
    clock.advance(0);
    want("now");
    let isOver = false;
    const last = saver.last().then(() => (isOver = true));
    await answer();
    assert.deepEqual([written, isOver], [["aside 1", "aside 2"], false]);
    await answer();
    await answer();
    await last;
    assert.equal(written.at(-1), "aside 2");
  });

  it("is written again after a failure, and that is a problem until then", async () => {
    const { clock, problems, written, want, answer, saver } = scene();
    want("soon");
    clock.advance(0);
    await answer(new Error("ENOSPC"));
    assert.deepEqual(
      problems.list().map(({ word }) => word),
      ["owned-file"],
    );
    saver.retry();
    await answer();
    assert.deepEqual([problems.list(), written.length], [[], 2]);
    saver.retry();
    assert.equal(written.length, 2);
  });
});
