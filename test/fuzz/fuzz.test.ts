/** A few hundred cases of each target; `npm run fuzz` runs a hundred thousand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hunt } from "./hunt.ts";
import { runTarget } from "./run.ts";
import { TARGETS } from "./targets.ts";

const CASES = 200;

describe("made-up input", () => {
  for (const target of TARGETS) {
    it(`${target.name}: ${target.promise}`, async () => {
      const seed = Date.now() % 2 ** 31;
      const { failure, reached } = await runTarget(target, { cases: CASES, seed });
      const again = `npm run fuzz -- --target ${target.name} --seed ${seed} --path ${failure?.path ?? ""}`;
      assert.equal(
        failure,
        undefined,
        `${failure?.error}\ninput ${failure?.input}\nagain: ${again}`,
      );
      const places = Object.values(reached);
      const few = places.filter((count) => count === 0).length;
      // The rarest are for more cases.
      assert.ok(few * 2 < places.length, JSON.stringify(reached));
    });
  }
});

describe("a hunt", () => {
  const module = new URL("./faulty-targets.js", import.meta.url);
  const options = { cases: 1000, seed: 1 };

  it("that finds nothing says how far it came", async () => {
    const { failure, ran, reached } = await hunt(module, "sound", options);
    assert.deepEqual([failure, ran, reached], [undefined, 1000, { all: 1000 }]);
  });

  const found = [
    { name: "throws", error: /Error: too long/, input: '"aaa"' },
    { name: "waits", error: /Error: too long/, input: '"aaa"' },
    { name: "shallow", error: /Too few cases came to: nowhere \(0\)/, input: "" },
    { name: "loops", error: /Script execution timed out/, input: '"aaa"' },
    { name: "hangs", error: /The case hangs: no sign of life/, input: "" },
    { name: "dies", error: /Ended by 7 in this case/, input: "" },
    { name: "speaks", error: /Wrote to stdout: "announce/, input: "" },
  ];
  for (const { name, error, input } of found) {
    it(`finds a target that ${name}`, async () => {
      const { failure } = await hunt(module, name, options, name === "hangs" ? 1500 : undefined);
      assert.match(failure?.error ?? "", error);
      assert.equal(failure?.input, input);
    });
  }

  it("comes to the same case again by its seed and path", async () => {
    const { failure } = await hunt(module, "throws", options);
    const again = await hunt(module, "throws", { ...options, path: failure?.path });
    assert.equal(again.failure?.input, failure?.input);
    assert.equal(again.ran, 1);
  });
});
