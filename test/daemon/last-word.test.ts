import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { DeadManWord } from "../../src/daemon/dead-man-message.ts";
import { hearLastWord, LastWord } from "../../src/daemon/last-word.ts";
import { Problems } from "../../src/daemon/problems.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { manualClock, memoryLog } from "./fixtures.ts";

const BOOT = "b1";
const ORIGIN = { pop: "fra1", boot: BOOT, agent: "0.1.0" };
const WITHDRAW = "withdraw route 192.0.2.0/24 next-hop self";
const ROUTE = { prefix: "192.0.2.0/24", nextHop: "self" };
const OTHER = { prefix: "198.51.100.0/24", nextHop: "self" };

function word(more: Readonly<Record<string, unknown>> = {}): object {
  const known: DeadManWord = {
    boot: BOOT,
    at: "2026-01-01T00:00:00.000Z",
    monotonicMs: Number(process.hrtime.bigint() / 1_000_000n) - 5000,
    silentMs: 1512,
    ack: "done",
    services: [{ service: "web", prefixes: [ROUTE.prefix], commands: [WITHDRAW], missed: 0 }],
  };
  return { ...known, ...more };
}

function lastWord(context: TestContext, content: unknown): LastWord {
  const folder = temporaryFolder(context);
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(folder, "dead-man.json"), text);
  return new LastWord(join(folder, "agent.sock"), BOOT);
}

describe("the word that a dead-man's switch has left", () => {
  it("marks what was withdrawn, and nothing else", (t) => {
    const owned = new Map(
      [ROUTE, OTHER].map((route) => [
        route.prefix,
        { route, services: ["web"], shared: "all" as const },
      ]),
    );
    const marked = [...lastWord(t, word()).mark(owned).values()];
    assert.deepEqual(
      marked.map(({ route, isWithdrawn }) => [route.prefix, isWithdrawn === true]),
      [
        [ROUTE.prefix, true],
        [OTHER.prefix, false],
      ],
    );
  });

  it("is a withdrawal that holds count, at its time", (t) => {
    const before = new Map([[ROUTE.prefix, [{ withdrawnMs: 10, returnedMs: 20 }]]]);
    const flaps = lastWord(t, word()).count(before, 100_000).get(ROUTE.prefix) ?? [];
    assert.equal(flaps.length, 2);
    assert.equal(flaps[1]?.returnedMs, undefined);
    const agoMs = 100_000 - (flaps[1]?.withdrawnMs ?? 0);
    assert.ok(agoMs >= 5000 && agoMs < 60_000, `${agoMs} ms ago`);
  });

  it("is one record for each service", (t) => {
    const missed = { service: "dns", prefixes: [], commands: [], missed: 3 };
    const [web] = (word() as DeadManWord).services;
    const drafts = lastWord(t, word({ services: [web, missed] })).drafts(ORIGIN);
    const head = { v: 1, ...ORIGIN, at: "2026-01-01T00:00:00.000Z", reason: "dead-man" };
    const stood = "the event loop stood still for 1.5 s";
    assert.deepEqual(drafts, [
      {
        ...head,
        actor: "agent",
        service: "web",
        evidence: stood,
        prefixes: [ROUTE.prefix],
        commands: [WITHDRAW],
        ack: "done",
      },
      {
        ...head,
        actor: "agent",
        service: "dns",
        evidence: `${stood}; ExaBGP did not read 3 withdrawals`,
        prefixes: [],
        commands: [],
      },
    ]);
  });

  it("is one record of the PoP when there was nothing to withdraw", (t) => {
    const last = lastWord(t, word({ services: [] }));
    assert.deepEqual(
      last.drafts(ORIGIN).map(({ service, commands }) => [service, commands]),
      [[undefined, []]],
    );
    assert.match(last.detail ?? "", /withdrew nothing and ended the agent$/);
  });

  for (const [what, content] of [
    ["of another boot", word({ boot: "b2" })],
    ["without a date", word({ at: "yesterday" })],
    ["without services", word({ services: "web" })],
    ["that is torn", JSON.stringify(word()).slice(0, 80)],
    ["of a mebibyte in eight", `"${"x".repeat(9 << 20)}"`],
  ] as const) {
    it(`is none ${what}`, (t) => {
      const last = lastWord(t, content);
      assert.equal(last.detail, undefined);
      assert.deepEqual(last.drafts(ORIGIN), []);
      assert.equal(last.count(new Map(), 0).size, 0);
    });
  }

  it("gives no prefix or line that is none", (t) => {
    const services = [
      { service: "web", prefixes: ["x", 7, ROUTE.prefix], commands: ["shutdown", WITHDRAW] },
      { service: 7 },
      null,
    ];
    const drafts = lastWord(t, word({ services })).drafts(ORIGIN);
    assert.deepEqual(
      drafts.map(({ prefixes, commands }) => [prefixes, commands]),
      [[[ROUTE.prefix], [WITHDRAW]]],
    );
  });

  it("stands in the status for an hour, and takes no other word of the switch along", (t) => {
    const [ours, others] = [new Array<string>(), new Array<string>()];
    for (const [words, detail] of [
      [ours, undefined],
      [others, "Cannot watch the event loop: it ended without a word"],
    ] as const) {
      const clock = manualClock();
      const problems = new Problems(clock, memoryLog().log);
      const look = () => words.push(...problems.list().map(({ word: kind }) => kind), "|");
      const records = { flush: () => Promise.resolve() };
      hearLastWord(lastWord(t, word()), { records, origin: ORIGIN, take() {}, clock, problems });
      if (detail !== undefined) problems.report("dead-man", detail);
      clock.advance(3_599_999);
      look();
      clock.advance(1);
      look();
    }
    assert.deepEqual(ours, ["dead-man", "|", "|"]);
    assert.deepEqual(others, ["dead-man", "|", "dead-man", "|"]);
  });

  it("is forgotten, twice without harm", (t) => {
    const last = lastWord(t, word());
    last.forget();
    last.forget();
    assert.equal(existsSync(last.path), false);
  });
});
