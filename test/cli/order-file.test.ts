import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { readStanding, replaceOrder, type Order, type Standing } from "../../src/cli/order-file.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { NOW } from "./fake-io.ts";

const order = (reason: string): Order => ({ reason, by: "uid:0", since: NOW });

function reasonOf(standing: Standing): string {
  return standing.kind === "stands" ? standing.reason : standing.kind;
}

describe("the file of an order", () => {
  it("is replaced by one after the other: each has judged what it replaced", async (context) => {
    const folder = temporaryFolder(context);
    const judged: [string, string][] = [];
    const writers = Array.from({ length: 20 }, (_, nth) => {
      const reason = String(nth);
      const judge = (standing: Standing) => {
        judged.push([reasonOf(standing), reason]);
        return order(reason);
      };
      return replaceOrder(folder, "dns", judge, systemTimers);
    });
    const replaced = (await Promise.all(writers)).map(reasonOf);
    // A chain: the first found nothing, each other one what exactly one before it has written.
    assert.equal(judged.length, writers.length, "nobody had to judge twice");
    assert.deepEqual(
      judged.map(([before]) => before),
      ["none", ...judged.slice(0, -1).map(([, after]) => after)],
    );
    assert.deepEqual(replaced.toSorted(), judged.map(([before]) => before).toSorted());
    assert.equal(reasonOf(await readStanding(folder, "dns")), judged.at(-1)?.[1]);
    assert.deepEqual(readdirSync(folder), ["dns"], "nothing is left behind");
  });

  it("that appears in between by another hand is judged, and not overwritten unseen", async (context) => {
    const folder = temporaryFolder(context);
    const judged: string[] = [];
    const judge = (standing: Standing) => {
      judged.push(reasonOf(standing));
      if (judged.length === 1) writeFileSync(join(folder, "dns"), '{"reason":"by hand"}');
      return standing.kind === "none" ? order("mine") : undefined;
    };
    await replaceOrder(folder, "dns", judge, systemTimers);
    assert.deepEqual(judged, ["none", "by hand"]);
    assert.equal(readFileSync(join(folder, "dns"), "utf8"), '{"reason":"by hand"}');
    assert.deepEqual(readdirSync(folder), ["dns"]);
  });

  it("stays as it is if it is refused, and the next one can be written", async (context) => {
    const folder = temporaryFolder(context);
    const refuse = () => {
      throw new Error("refused");
    };
    await assert.rejects(replaceOrder(folder, "dns", refuse, systemTimers), /refused/);
    assert.deepEqual(readdirSync(folder), []);
    await replaceOrder(folder, "dns", () => order("next"), systemTimers);
    assert.deepEqual(readdirSync(folder), ["dns"]);
  });

  it("is not kept from anybody by a command that died", async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, ".dns.lock"), "");
    let nowMs = 0;
    let waits = 0;
    const timers = {
      nowMs: () => nowMs,
      after: (delayMs: number, then: () => void) => {
        nowMs += delayMs;
        waits += 1;
        return systemTimers.after(0, then);
      },
    };
    await replaceOrder(folder, "dns", () => order("alive"), timers);
    assert.ok(nowMs >= 3000 && nowMs < 4000, `after ${nowMs} ms`);
    assert.ok(waits > 100);
    assert.ok(!existsSync(join(folder, ".dns.lock")));
    assert.equal(reasonOf(await readStanding(folder, "dns")), "alive");
  });

  it("is written although nobody can remove what is in the lock's place", async (context) => {
    const folder = temporaryFolder(context);
    mkdirSync(join(folder, ".dns.lock"));
    let nowMs = 0;
    const timers = {
      nowMs: () => nowMs,
      after: (delayMs: number, then: () => void) => {
        nowMs += delayMs;
        assert.ok(nowMs < 4000, "it waits no longer than for a lock that is left over");
        return systemTimers.after(0, then);
      },
    };
    await replaceOrder(folder, "dns", () => order("mine"), timers);
    assert.equal(reasonOf(await readStanding(folder, "dns")), "mine");
  });

  it("waits for a command that is alive, however long others take", async (context) => {
    const folder = temporaryFolder(context);
    const lock = join(folder, ".dns.lock");
    writeFileSync(lock, "");
    let nowMs = 0;
    let looks = 0;
    const timers = {
      nowMs: () => nowMs,
      after: (_: number, then: () => void) => {
        nowMs += 2000;
        looks += 1;
        assert.ok(existsSync(lock), "it is not taken from anybody");
        // Another command holds it each time; none of them for 3 s.
        writeFileSync(`${lock}.new`, "");
        renameSync(`${lock}.new`, lock);
        if (looks === 5) rmSync(lock);
        return systemTimers.after(0, then);
      },
    };
    await replaceOrder(folder, "dns", () => order("patient"), timers);
    assert.equal(looks, 5);
  });
});
