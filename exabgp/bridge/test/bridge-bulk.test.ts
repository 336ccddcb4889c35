/** Changes of many prefixes: bulk lines, at the pace of ExaBGP, and small changes that overtake them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ANNOUNCEMENTS_IN_FLIGHT_MAX, isCommandLine } from "../src/index.ts";
import type { Route } from "../src/index.ts";
import { Harness, HEADER_LINE } from "./harness.ts";

const A_LINE = 12;

function prefixOf(nth: number): string {
  return `10.${nth >> 8}.${nth & 255}.0/24`;
}

function routes(count: number, more: Partial<Route> = {}, from = 0): Route[] {
  return Array.from({ length: count }, (_, nth) => ({
    prefix: prefixOf(from + nth),
    nextHop: "self",
    ...more,
  }));
}

/** The prefixes of a line, whatever its form. */
function prefixesIn(line: string): string[] {
  const [, single, several = ""] = / route (\S+) | nlri (.*)$/.exec(line) ?? [];
  return single === undefined ? several.split(" ") : [single];
}

class Many extends Harness {
  /** All in one moment. */
  async ask(verb: "announce" | "withdraw", many: readonly Route[]): Promise<void> {
    for (const route of many) {
      this.bridge[verb](route, (settlement) =>
        this.settlements.push({ name: route.prefix, settlement }),
      );
    }
    await this.settle();
  }

  /** Answers every line, and those that are written because of it. @returns All of them. */
  async finish(answer = "done\n"): Promise<string[]> {
    const all: string[] = [];
    for (let lines = this.written(); lines.length > 0; lines = this.written()) {
      all.push(...lines);
      this.say(answer.repeat(lines.length));
      await this.timers.advance(0);
    }
    return all;
  }
}

async function ready(options?: ConstructorParameters<typeof Harness>[0]): Promise<Many> {
  const it = new Many(options);
  await it.startReady();
  return it;
}

describe("a change of many prefixes", () => {
  test("is single lines up to 32 prefixes, and bulk lines beyond", async () => {
    const few = await ready();
    await few.ask("announce", routes(32));
    assert.equal((await few.finish()).length, 32);
    const many = await ready();
    await many.ask("announce", routes(33));
    const lines = await many.finish();
    assert.deepEqual(
      lines.map((line) => prefixesIn(line).length),
      [A_LINE, A_LINE, 9],
    );
    assert.match(lines[0] ?? "", /^announce attributes next-hop self nlri 10\.0\.0\.0\/24 10\./);
    assert.deepEqual(
      lines.flatMap(prefixesIn),
      routes(33).map(({ prefix }) => prefix),
    );
    assert.ok(lines.every(isCommandLine));
  });

  test("has one answer for each line, and each prefix is told it", async () => {
    const it = await ready();
    await it.ask("announce", routes(40));
    const [first = ""] = it.written();
    assert.equal(it.bridge.status().inFlight, 2 * A_LINE);
    it.say("done\n");
    assert.deepEqual(
      it.outcomes,
      routes(A_LINE).map(({ prefix }) => `${prefix} done`),
    );
    assert.ok(it.settlements.every(({ settlement }) => settlement.line === first));
  });

  test("puts on one line only what has the same attributes, family and neighbors", async () => {
    const it = await ready();
    const six = (nth: number) => ({ prefix: `2001:db8:${nth + 1}::/48`, nextHop: "self", med: 1 });
    const many: Route[] = [
      ...routes(20, { med: 1 }),
      ...routes(20, { med: 2 }, 100),
      ...routes(20, { med: 1, neighbors: ["192.0.2.1"] }, 200),
      ...Array.from({ length: 20 }, (_, nth) => six(nth)),
      ...routes(1, { med: 3 }, 300),
    ];
    await it.ask("announce", many);
    const lines = await it.finish();
    for (const line of lines) {
      assert.equal(new Set(prefixesIn(line).map((prefix) => prefix.includes(":"))).size, 1, line);
    }
    assert.deepEqual(
      lines.flatMap(prefixesIn),
      many.map(({ prefix }) => prefix),
    );
    assert.deepEqual(
      [...new Set(lines.map((line) => line.replace(/(nlri|route) .*/, "$1")))],
      [
        "announce attributes next-hop self med 1 nlri",
        "announce attributes next-hop self med 2 nlri",
        "neighbor 192.0.2.1 announce attributes next-hop self med 1 nlri",
        "announce route",
      ],
    );
  });

  test("is withdrawn with the attributes last announced", async () => {
    const it = await ready();
    await it.ask("announce", routes(50, { med: 7 }));
    await it.finish();
    await it.timers.advance(250);
    await it.ask("withdraw", routes(50));
    const lines = await it.finish();
    assert.equal(lines.length, 5);
    assert.ok(
      lines.every((line) => line.startsWith("withdraw attributes next-hop self med 7 nlri ")),
    );
  });

  test("is written as single lines for 6.0, no more of them at once", async () => {
    const it = new Many();
    it.bridge.start();
    it.say('done\n{"version":"6.0.0","application":"exabgp"}\ndone\n[]\ndone\n');
    await it.settle();
    it.written();
    await it.ask("announce", routes(100));
    assert.equal(it.bridge.status().inFlight, ANNOUNCEMENTS_IN_FLIGHT_MAX);
    const lines = await it.finish();
    assert.equal(lines.length, 100);
    assert.ok(lines.every((line) => line.startsWith("peer * announce route ")));
  });
});

describe("a bulk line that ExaBGP refuses", () => {
  test("is tried again as single lines, and only the wrong one fails", async () => {
    const it = await ready();
    const wrong = prefixOf(5);
    await it.ask("announce", routes(40));
    const written: string[] = [];
    for (let lines = it.written(); lines.length > 0; lines = it.written()) {
      written.push(...lines);
      for (const line of lines) it.say(prefixesIn(line).includes(wrong) ? "error\n" : "done\n");
      await it.settle();
    }
    assert.deepEqual(
      written.map((line) => prefixesIn(line).length).toSorted((a, b) => b - a),
      [A_LINE, A_LINE, A_LINE, 4, ...Array.from({ length: A_LINE }, () => 1)],
    );
    assert.equal(it.settlements.length, 40);
    const failed = it.outcomes.filter((outcome) => !outcome.endsWith(" done"));
    assert.deepEqual(failed, [`${wrong} error`]);
    // What has been taken alone may go with others again; the wrong one stays alone.
    await it.timers.advance(250);
    await it.ask("announce", routes(40, { med: 1 }));
    const sizes = (await it.finish()).map((line) => prefixesIn(line).length);
    assert.deepEqual(
      sizes.toSorted((a, b) => b - a),
      [A_LINE, A_LINE, A_LINE, 3, 1],
    );
  });

  test("makes room for what was asked for meanwhile", async () => {
    const it = await ready();
    await it.ask("announce", routes(33));
    it.written();
    await it.ask("withdraw", routes(1));
    it.say("error\ndone\n");
    await it.settle();
    assert.ok(it.outcomes.includes(`${prefixOf(0)} superseded`), it.outcomes.join());
    await it.timers.advance(250);
    await it.finish();
    const last = it.settlements.findLast(({ name }) => name === prefixOf(0));
    assert.match(last?.settlement.line ?? "", /^withdraw route 10\.0\.0\.0\/24 /);
  });

  test("is not trusted again when it got no answer at all", async () => {
    const it = await ready();
    await it.ask("announce", routes(33));
    assert.equal(it.written().length, 2);
    await it.timers.advance(5000);
    it.written();
    it.say(`${HEADER_LINE}done\n`);
    await it.settle();
    await it.finish();
    await it.ask("announce", routes(33));
    const sizes = (await it.finish()).map((line) => prefixesIn(line).length);
    assert.deepEqual(
      sizes.toSorted((a, b) => b - a),
      [9, ...Array.from({ length: 24 }, () => 1)],
    );
  });
});

describe("a small change", () => {
  for (const verb of ["announce", "withdraw"] as const) {
    test(`is not kept waiting by ten thousand prefixes to ${verb}`, async () => {
      const it = await ready();
      await it.ask(verb, routes(10_000));
      for (let nth = 0; nth < 10; nth += 1) it.say("done\n");
      await it.settle();
      it.written();
      const ahead = it.bridge.status().inFlight;
      assert.ok(ahead <= ANNOUNCEMENTS_IN_FLIGHT_MAX, `${ahead} prefixes are ahead`);
      await it.ask("withdraw", routes(2, {}, 20_000));
      assert.deepEqual(
        it.written().map((line) => line.slice(0, 14)),
        ["withdraw route", "withdraw route"],
      );
    });
  }

  test("of a hundred goes before one of ten thousand that was there before", async () => {
    const it = await ready();
    await it.ask("withdraw", routes(10_000));
    await it.ask("withdraw", routes(100, {}, 20_000));
    const order = (await it.finish()).flatMap(prefixesIn);
    assert.equal(order.length, 10_100);
    const last = order.lastIndexOf(prefixOf(20_099));
    assert.ok(last < 200, `it was complete behind ${last} others`);
  });

  test("is not written in one with another of the same moment's end", async () => {
    const it = await ready();
    // Two services that go one after the other, each below the limit.
    await it.ask("withdraw", routes(20));
    await it.ask("withdraw", routes(20, {}, 100));
    assert.equal((await it.finish()).length, 40);
  });
});

interface Step {
  readonly verb: "announce" | "withdraw";
  readonly from: number;
  readonly count: number;
  readonly med: number;
  /** Lines that ExaBGP takes up then; it answers them. */
  readonly serves: number;
  readonly waitMs: number;
}

const PREFIXES = 240;

const step: fc.Arbitrary<Step> = fc
  .record({
    verb: fc.constantFrom("announce" as const, "withdraw" as const),
    from: fc.integer({ min: 0, max: PREFIXES - 1 }),
    count: fc.constantFrom(1, 2, 33, 60, 150),
    med: fc.integer({ min: 0, max: 1 }),
    serves: fc.integer({ min: 0, max: 12 }),
    waitMs: fc.constantFrom(0, 0, 10, 250, 1000),
  })
  .map((one) => ({ ...one, count: Math.min(one.count, PREFIXES - one.from) }));

/** What a slow ExaBGP holds after `steps`, which refuses every line with a prefix of `wrong`. */
async function run(steps: readonly Step[], wrong: ReadonlySet<string>) {
  const many = await ready();
  const inbox: string[] = [];
  const rib = new Map<string, string>();
  const wanted = new Map<string, string>();
  const reached = { bulk: 0, refused: 0, overtaken: 0 };
  let asked = 0;
  let smallWithdrawals = 0;
  let read = many.lines.length;
  const take = () => {
    for (const line of many.lines.slice(read)) {
      assert.ok(isCommandLine(line), line);
      inbox.push(line);
    }
    read = many.lines.length;
  };
  const serve = async (lines: number) => {
    for (let nth = 0; nth < lines; nth += 1) {
      take();
      const line = inbox.shift();
      if (line === undefined) return;
      const prefixes = prefixesIn(line);
      if (prefixes.length > 1) reached.bulk += 1;
      const isRefused = prefixes.some((prefix) => wrong.has(prefix));
      if (isRefused && prefixes.length > 1) reached.refused += 1;
      for (const prefix of isRefused ? [] : prefixes) {
        if (line.startsWith("withdraw")) rib.delete(prefix);
        else rib.set(prefix, / med \d/.exec(line)?.[0] ?? "");
      }
      many.say(isRefused ? "error\n" : "done\n");
      await many.settle();
    }
  };
  for (const { verb, from, count, med, serves, waitMs } of steps) {
    const some = routes(count, { med }, from);
    for (const { prefix } of some) {
      if (verb === "announce") wanted.set(prefix, ` med ${med}`);
      else wanted.delete(prefix);
    }
    asked += count;
    if (verb === "withdraw" && count <= 32) smallWithdrawals += count;
    await many.ask(verb, some);
    take();
    const last = inbox.at(-1);
    if (verb === "withdraw" && count <= 2 && last?.startsWith("withdraw route") === true) {
      const ahead = inbox.flatMap(prefixesIn).length;
      if (many.bridge.status().queued > 0) reached.overtaken += 1;
      const most = ANNOUNCEMENTS_IN_FLIGHT_MAX + smallWithdrawals;
      assert.ok(ahead <= most, `${ahead} prefixes up to it`);
    }
    await serve(serves);
    await many.timers.advance(waitMs);
  }
  for (let nth = 0; nth < 200; nth += 1) {
    await serve(100);
    await many.timers.advance(50);
  }
  for (const prefix of wrong) wanted.delete(prefix);
  const { queued, inFlight } = many.bridge.status();
  assert.deepEqual([queued, inFlight, many.settlements.length], [0, 0, asked]);
  assert.deepEqual(rib, wanted);
  return reached;
}

describe("large and small changes together", () => {
  test("end with what is wanted, each settled once, and no small withdrawal waits for a large change", async () => {
    const total = { bulk: 0, refused: 0, overtaken: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.uniqueArray(fc.integer({ min: 0, max: PREFIXES - 1 }), { maxLength: 2 }),
        async (steps, wrong) => {
          const reached = await run(steps, new Set(wrong.map(prefixOf)));
          for (const key of ["bulk", "refused", "overtaken"] as const) {
            total[key] += reached[key] > 0 ? 1 : 0;
          }
        },
      ),
      { numRuns: 100 },
    );
    for (const count of Object.values(total)) assert.ok(count > 2, JSON.stringify(total));
  });
});
