/** Simulated PoPs: the same seed is the same run, and no promise is broken in any of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runSeeds } from "./crew.ts";
import { readLine } from "./exabgp-lines.ts";
import { NeighborRib } from "./exabgp-rib.ts";
import { KINDS } from "./happenings.ts";
import { PROMISES } from "./oracle.ts";
import { run } from "./run.ts";
import { reduce } from "./shrink.ts";

const SEEDS = 500;
const MINUTE_MS = 60_000;
const DURATION_MS = 10 * MINUTE_MS;

/** What comes less often than this in all seeds has as good as never come. */
const RARE_MIN = 10;

/** Both cores, and the other test file that runs beside gets its share. */
const WORKERS = 2;

/** Seeds that once found a bug, with their hours: `SEED HOURS WHAT`. */
const FOUND = fileURLToPath(new URL("../../../test/simulate/seeds.txt", import.meta.url));

describe("a simulated PoP", () => {
  it("does the same with the same seed, and something else with another", async () => {
    const runs = [];
    for (const seed of [7, 7, 8]) runs.push(await run({ seed, durationMs: 30 * MINUTE_MS }));
    const [first, again, other] = runs.map(({ hash }) => hash);
    assert.equal(first, again);
    assert.notEqual(first, other);
  });

  it(`keeps every promise with ${SEEDS} seeds`, async () => {
    const sums: Record<string, number> = {};
    const broken: string[] = [];
    const seeds = Array.from({ length: SEEDS }, (_, nth) => nth + 1);
    await runSeeds(seeds, DURATION_MS, WORKERS, ({ seed, violation, counts }) => {
      for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
      if (violation !== undefined) broken.push(`${seed} ${violation.promise} ${violation.detail}`);
      return true;
    });
    const hint = `npm run simulate -- --seed SEED --hours ${DURATION_MS / 3_600_000}`;
    assert.deepEqual(broken, [], hint);
    // A run in which nothing happens proves nothing.
    const { updates = 0, lives = 0, happenings = 0, decisions = 0 } = sums;
    assert.ok(updates > 20 * SEEDS, `${updates} UPDATEs`);
    assert.ok(decisions > 2 * SEEDS, `${decisions} decisions`);
    assert.ok(lives > 1.5 * SEEDS, `${lives} lives`);
    assert.ok(happenings > 5 * SEEDS, `${happenings} happenings`);
    // Nor does a promise that nothing could have broken, in a world without this or that.
    const expected = [...KINDS, ...PROMISES.filter((promise) => promise !== "alive")];
    const rare = expected.filter((name) => (sums[name] ?? 0) < RARE_MIN);
    assert.deepEqual(rare, []);
  });

  it("keeps every promise with the seeds that once broke one", async () => {
    const lines = readFileSync(FOUND, "utf8").split("\n");
    for (const line of lines.filter((one) => one !== "" && !one.startsWith("#"))) {
      const [seed = "", hours = ""] = line.split(" ");
      const { violation } = await run({
        seed: Number(seed),
        durationMs: Number(hours) * 3_600_000,
      });
      assert.equal(violation, undefined, line);
    }
  });
});

describe("the shrinking of a run", () => {
  it("leaves what breaks the promise", async () => {
    const letters = "a b c d e f g h i j k l m n o p".split(" ");
    const fails = (some: readonly string[]) =>
      Promise.resolve(["c", "d", "n"].every((one) => some.includes(one)));
    assert.deepEqual(await reduce(letters, fails), ["c", "d", "n"]);
  });
});

describe("a simulated ExaBGP", () => {
  const words = (text: string) => `announce route 192.0.2.0/24 next-hop self${text}`;

  it("reads what is in the grammar, and nothing else", () => {
    assert.equal(readLine(words(" med 100 community [ 1:2 ]")).kind, "route");
    for (const text of [
      words(" med x"),
      words(" shutdown"),
      words(" community [ 1:2"),
      "restart",
    ]) {
      assert.equal(readLine(text).kind, "malformed", text);
    }
  });

  it("sends the changes of one turn attribute set by attribute set", () => {
    const rib = new NeighborRib({ address: "203.0.113.1", families: ["ipv4"] });
    rib.up();
    for (const med of [100, 200, 100]) rib.announce("192.0.2.0/24", `next-hop self med ${med}`);
    rib.send(25);
    assert.equal(rib.wire.get("192.0.2.0/24"), "next-hop self med 200");
    rib.announce("192.0.2.16/28", "next-hop self med 1");
    rib.withdraw("192.0.2.16/28", "next-hop self");
    rib.announce("192.0.2.16/28", "next-hop self med 1");
    rib.send(25);
    assert.equal(rib.wire.has("192.0.2.16/28"), false);
  });

  it("keeps what it holds over the loss of a session, and sends it anew", () => {
    const rib = new NeighborRib({ address: "203.0.113.1", families: ["ipv4"] });
    rib.announce("192.0.2.0/24", "next-hop self");
    assert.deepEqual(rib.send(25), []);
    rib.up();
    assert.equal(rib.send(25).length, 1);
    assert.equal(rib.send(25).length, 0);
  });
});
