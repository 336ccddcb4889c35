import assert from "node:assert/strict";
import { test } from "node:test";
import { Pairing } from "../src/pairing.ts";
import type { Flight, Paired } from "../src/pairing.ts";

function flight(line: string): Flight {
  return { verb: "withdraw", passengers: [], line, writtenAtMs: 0, isPaced: false };
}

function nameOf(paired: Paired): string {
  if (typeof paired === "string") return paired;
  return paired.isLate ? `late ${paired.flight.line}` : paired.flight.line;
}

/**
 * One letter each: `B` writes a barrier, `a` to `z` write commands, `X` gives up waiting, `H` is a
 * listing's header, `.` a bare answer. `names` are what the bare answers ended.
 */
const cases = [
  { name: "in order", script: "ab..", names: ["a", "b"] },
  { name: "nothing in flight", script: ".a.", names: ["stale", "a"] },
  {
    name: "stale answers before the barrier's header",
    script: "B..H.a.",
    names: ["stale", "stale", "barrier", "a"],
  },
  { name: "commands behind a barrier", script: "Bab.H...", names: ["stale", "barrier", "a", "b"] },
  {
    name: "late answers are those of commands given up",
    script: "abXcd....",
    names: ["late a", "late b", "c", "d"],
  },
  { name: "the header skips what was lost", script: "aXBbH..", names: ["barrier", "b"] },
  {
    name: "two barriers, two headers",
    script: "BaBbH..H..",
    names: ["barrier", "a", "barrier", "b"],
  },
  { name: "a foreign listing swallows its own end", script: "aH..b.", names: ["stale", "a", "b"] },
];

for (const { name, script, names } of cases) {
  test(`pairs ${name}: ${script}`, () => {
    const pairing = new Pairing();
    const found: string[] = [];
    for (const letter of script) {
      if (letter === "B") pairing.pushBarrier("barrier");
      else if (letter === "X") pairing.expire();
      else if (letter === "H") pairing.listingStarts();
      else if (letter === ".") found.push(nameOf(pairing.answer()));
      else pairing.pushCommand(flight(letter));
    }
    assert.deepEqual(found, names);
    assert.deepEqual(
      [pairing.inFlight("withdraw"), pairing.barriers, pairing.unreadBytes],
      [0, 0, 0],
    );
  });
}
