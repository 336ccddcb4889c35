import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Drain } from "../../src/core/inputs.ts";
import { actorOf } from "../../src/daemon/actors.ts";
import { drainFormat } from "../../src/daemon/drain-file.ts";
import type { OrderFile } from "../../src/daemon/order-file.ts";
import { endsAtMs, parseDate, startedMs } from "../../src/daemon/order-times.ts";
import { PIN_FORMAT } from "../../src/daemon/pin-file.ts";

const WALL_MS = Date.UTC(2026, 0, 1, 12);

/** Noon of the first of January is 50,000 on the monotonic clock; the file came a second before. */
const SEEN = { nowMs: 50_000, wallMs: WALL_MS, changedMs: WALL_MS - 1000 };

function fileOf(content: unknown, changes: Partial<OrderFile> = {}): OrderFile {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return { uid: 1000, text, problem: undefined, changedMs: SEEN.changedMs, stamp: "", ...changes };
}

function drainIn(content: unknown, changes: Partial<OrderFile> = {}): Drain {
  const reading = drainFormat(false).read(fileOf(content, changes), "dns", SEEN);
  assert.ok(reading.kind === "order", JSON.stringify(reading));
  return reading.order;
}

describe("the moments of a drain", () => {
  const cases: {
    name: string;
    content: object;
    is: [startedMs: number, endsAtMs?: number | undefined, gracefulMs?: number];
    problem?: string;
  }[] = [
    { name: "nothing said: since it came", content: {}, is: [49_000] },
    { name: "since a minute", content: { since: "2026-01-01T11:59:00Z" }, is: [-10_000] },
    { name: "since another zone", content: { since: "2026-01-01T13:59:00.5+02:00" }, is: [-9_500] },
    { name: "since the future", content: { since: "2026-01-01T12:30:00Z" }, is: [50_000] },
    {
      name: "until in a minute",
      content: { since: "2026-01-01T11:59:00Z", until: "2026-01-01T12:01:00Z" },
      is: [-10_000, 110_000],
    },
    {
      name: "until passed",
      content: { since: "2026-01-01T11:00:00Z", until: "2026-01-01T11:59:00Z" },
      is: [-3_550_000, -10_000],
    },
    {
      name: "until passed, since unknown",
      content: { until: "2026-01-01T11:59:00Z" },
      is: [49_000, -10_000],
    },
    {
      name: "a clock that was set back: never longer than ordered",
      content: { since: "2026-01-02T00:00:00Z", until: "2026-01-02T00:10:00Z" },
      is: [50_000, 650_000],
    },
    { name: "graceful", content: { graceful: "5m" }, is: [49_000, undefined, 300_000] },
    { name: "graceful not at all", content: { graceful: "0s" }, is: [49_000, undefined, 0] },
    {
      name: "graceful nonsense",
      content: { graceful: "5 minutes" },
      is: [49_000],
      problem: "has a graceful that is no duration",
    },
    {
      name: "graceful as a number",
      content: { graceful: 5 },
      is: [49_000],
      problem: "has a graceful that is no duration",
    },
    {
      name: "until nonsense",
      content: { until: "tomorrow" },
      is: [49_000],
      problem: "has an until that is no date of RFC 3339",
    },
    {
      name: "until without a zone",
      content: { until: "2026-01-01T12:01:00" },
      is: [49_000],
      problem: "has an until that is no date of RFC 3339",
    },
    {
      name: "until before since",
      content: { since: "2026-01-01T11:59:00Z", until: "2026-01-01T11:00:00Z" },
      is: [-10_000],
      problem: "has an until that is not after its since",
    },
    {
      name: "everything nonsense",
      content: { reason: 7, since: 0, until: [], graceful: "-1s" },
      is: [49_000],
      problem:
        "has a reason that is no text, has a since that is no date of RFC 3339, has an until that is no date of RFC 3339, has a graceful that is no duration",
    },
  ];
  for (const { name, content, is, problem } of cases) {
    it(name, () => {
      const drain = drainIn(content);
      assert.deepEqual([drain.startedMs, drain.endsAtMs, drain.gracefulMs], [is[0], is[1], is[2]]);
      assert.equal(drain.problem, problem);
    });
  }

  it("do not count in a file that somebody else may write: it drains without an end and a stage", () => {
    const content = { until: "2026-01-01T11:59:00Z", graceful: "5m" };
    const problem = "is writable by everybody";
    const drain = drainIn(content, { problem });
    assert.deepEqual(
      [drain.until, drain.endsAtMs, drain.gracefulMs],
      [undefined, undefined, undefined],
    );
    assert.equal(drain.problem, `${problem}, so that its until and graceful do not count`);
    assert.equal(drainIn({ reason: "x" }, { problem }).problem, problem);
  });

  it("never lie in the future, nor longer than was ordered, whatever the clocks say", () => {
    let capped = 0;
    const ms = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(
        ms,
        ms,
        ms,
        fc.integer({ min: 1, max: 1e9 }),
        (wallMs, nowMs, sinceMs, length) => {
          const seen = { wallMs, nowMs, changedMs: undefined };
          assert.ok(startedMs(sinceMs, seen) <= nowMs);
          const left = endsAtMs(sinceMs + length, sinceMs, seen) - nowMs;
          assert.ok(left <= length);
          assert.ok(left <= sinceMs + length - wallMs);
          if (wallMs < sinceMs) capped += 1;
        },
      ),
    );
    assert.ok(capped > 10, String(capped));
  });
});

describe("dates of RFC 3339", () => {
  const good = ["2026-01-01T00:00:00Z", "2024-02-29T23:59:59.123456789-12:30"];
  const bad = [
    "2026-02-30T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-01-01",
    "2026-01-01 00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00Z\n",
    "1",
    "",
    1_767_225_600_000,
    null,
  ];
  for (const text of good)
    it(`${text} is one`, () => assert.equal(parseDate(text), Date.parse(text)));
  for (const text of bad) {
    it(`${JSON.stringify(text)} is none`, () => assert.equal(parseDate(text), undefined));
  }
});

describe("who did it", () => {
  it("is the file's owner, and what root's file says of sudo is a claim", () => {
    const by = (uid: number, claim: unknown) => drainIn({ by: claim }, { uid }).by;
    assert.equal(by(1_000_000, "uid:0(root), sudo by ann"), "uid:1000000");
    assert.equal(by(0, "uid:0(root), sudo by ann"), "uid:0(root), sudo by ann");
    assert.equal(by(0, "uid:0(root)"), "uid:0(root)");
    for (const claim of [
      7,
      "sudo by ann",
      ", sudo by a b",
      `, sudo by ${"x".repeat(65)}`,
      ", sudo by \n",
    ]) {
      assert.equal(by(0, claim), "uid:0(root)");
    }
    const end = drainFormat(false).read(
      fileOf({ undrain: true, by: "x, sudo by ben" }, { uid: 0 }),
      "dns",
      SEEN,
    );
    assert.ok(end.kind === "end");
    assert.equal(end.end.by, "uid:0(root), sudo by ben");
  });
});

const PIN = {
  reason: "the check is wrong",
  since: "2026-01-01T12:00:00Z",
  until: "2026-01-01T13:00:00Z",
};

describe("a pin", () => {
  it("that is complete pins until its end", () => {
    assert.deepEqual(PIN_FORMAT.read(fileOf(PIN), "dns", SEEN), {
      kind: "order",
      order: { service: "dns", by: actorOf(1000), ...PIN, endsAtMs: 3_650_000 },
    });
  });

  it("ends by a file that says so, whose owner is the actor", () => {
    assert.deepEqual(PIN_FORMAT.read(fileOf({ unpin: true, reason: "mended" }), "dns", SEEN), {
      kind: "end",
      end: { service: "dns", by: actorOf(1000), reason: "mended" },
    });
  });

  const ignored: { name: string; file: OrderFile; service?: string; problem: string }[] = [
    { name: "is empty", file: fileOf(""), problem: "is not a JSON object" },
    { name: "is no object", file: fileOf("[]"), problem: "is not a JSON object" },
    {
      name: "cannot be read",
      file: fileOf("", { text: undefined, problem: "is not a regular file" }),
      problem: "is not a regular file",
    },
    {
      name: "is everybody's",
      file: fileOf(PIN, { problem: "is writable by everybody" }),
      problem: "is writable by everybody",
    },
    { name: "has no reason", file: fileOf({ ...PIN, reason: " " }), problem: "has no reason" },
    {
      name: "has no until",
      file: fileOf({ ...PIN, until: undefined }),
      problem: "has no until that is a date of RFC 3339",
    },
    {
      name: "has a since of rubbish",
      file: fileOf({ ...PIN, since: "noon" }),
      problem: "has a since that is no date of RFC 3339",
    },
    {
      name: "ends before it begins",
      file: fileOf({ ...PIN, since: PIN.until }),
      problem: "has an until that is not after its since",
    },
    {
      name: "is longer than 7 days",
      file: fileOf({ ...PIN, until: "2026-01-08T12:00:01Z" }),
      problem: "is to stand for longer than 7 days",
    },
    {
      name: "is longer than 7 days from when it came, where it says no since",
      file: fileOf({ ...PIN, since: undefined, until: "2026-01-08T12:00:00Z" }),
      problem: "is to stand for longer than 7 days",
    },
    {
      name: "is of the whole PoP",
      file: fileOf(PIN),
      service: "_all",
      problem: "would pin the whole PoP, which cannot be pinned",
    },
  ];
  for (const { name, file, service = "dns", problem } of ignored) {
    it(`that ${name} is ignored`, () => {
      assert.deepEqual(PIN_FORMAT.read(file, service, SEEN), { kind: "ignored", problem });
    });
  }

  it("of exactly 7 days stands", () => {
    const reading = PIN_FORMAT.read(fileOf({ ...PIN, until: "2026-01-08T12:00:00Z" }), "dns", SEEN);
    assert.equal(reading.kind, "order");
  });
});
