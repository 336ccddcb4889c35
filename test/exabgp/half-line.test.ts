/** What becomes of half a line that its own child goes on with, as the dead-man's switch does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeAnnounce, encodeWithdraw } from "exabgp-ts-bridge";
import { RealExabgp } from "./real-exabgp.ts";

const ROUTE = { prefix: "192.0.2.0/24", nextHop: "self", med: 100 };
const LINE = encodeAnnounce(ROUTE);

test("a comment makes any half line nothing, and the next line is a command again", async (context) => {
  const exabgp = await RealExabgp.start(context, "relay");
  const child = await exabgp.child();
  // Also where the half is a command by itself: `med 1` of `med 100`.
  for (const length of [3, 8, 15, 20, 28, LINE.length - 8, LINE.length - 2, LINE.length]) {
    const half = LINE.slice(0, length);
    child.send(`${half} # 0\n`);
    assert.match(await child.line(), /^(done|error)$/);
    assert.deepEqual(await child.ask("show adj-rib out extensive"), [], half);
  }
  const other = { ...ROUTE, prefix: "198.51.100.0/24" };
  assert.deepEqual(await child.ask(encodeAnnounce(other)), []);
  assert.deepEqual(await child.ask(encodeWithdraw(other)), []);
});
