import assert from "node:assert/strict";
import { test } from "node:test";
import { timeline } from "./timeline.ts";

test("moments are put in order and measured from the first and from the one before", () => {
  const rows = timeline([
    { atMs: 1000, who: "nginx", what: "killed" },
    { atMs: 1250, who: "BIRD", what: "withdrawn" },
    { atMs: 1240, who: "agent", what: "decided" },
    { atMs: 1240, who: "agent", what: "wrote" },
  ]);
  assert.deepEqual(
    rows.map(({ what, sinceFaultMs, stepMs }) => [what, sinceFaultMs, stepMs]),
    [
      ["killed", 0, 0],
      ["decided", 240, 240],
      ["wrote", 240, 0],
      ["withdrawn", 250, 10],
    ],
  );
});
