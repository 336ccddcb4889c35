import assert from "node:assert/strict";
import { test } from "node:test";
import { Bridge } from "../src/index.ts";
import { rehearse } from "../src/rehearsal.ts";
import { Harness } from "./harness.ts";

test("runs the whole way of announcements and withdrawals of both families", () => {
  const lines = rehearse((options, handlers) => new Bridge(options, handlers));
  assert.deepEqual(lines, [
    " # 0",
    "system version",
    "show neighbor summary",
    "announce route 192.0.2.0/24 next-hop 192.0.2.1 as-path [ 64496 ] med 100 community [ 64496:1 ]",
    "announce route 2001:db8::/48 next-hop 2001:db8::1 as-path [ 64496 ] med 100 community [ 64496:1 ]",
    "withdraw route 192.0.2.0/24 next-hop 192.0.2.1 as-path [ 64496 ] med 100 community [ 64496:1 ]",
    "withdraw route 2001:db8::/48 next-hop 2001:db8::1 as-path [ 64496 ] med 100 community [ 64496:1 ]",
  ]);
});

test("is heard by nobody: a bridge that starts writes its own first bytes and nothing else", async () => {
  // Whichever bridge of this process rehearses, none may write what it has rehearsed.
  for (const it of [new Harness(), new Harness()]) {
    await it.startReady();
    await it.settle();
    assert.deepEqual(it.lines, [" # ab", "system version", "show neighbor summary"]);
    assert.deepEqual(it.events, ["ready 4.2.21 4"]);
    assert.equal(it.bridge.status().inFlight, 0);
  }
});
