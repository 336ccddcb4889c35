import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readTime, writeTime } from "../../src/cli/local-time.ts";

// Clocks go forward on 29 March 2026 at 02:00, and back on 25 October at 03:00.
process.env["TZ"] = "Europe/Berlin";

const NOW = "2026-03-28T11:30:20Z";

/** Local time now, what is read, and the moment. */
const moments = [
  ["RFC 3339", NOW, "2026-03-28T23:00:00Z", "2026-03-28T23:00:00.000Z"],
  ["in small letters", NOW, "2026-03-28t23:00:00z", "2026-03-28T23:00:00.000Z"],
  ["with a space", NOW, "2026-03-28 23:00:00+01:00", "2026-03-28T22:00:00.000Z"],
  ["with an offset to the west", NOW, "2026-03-28T23:00:00-03:30", "2026-03-29T02:30:00.000Z"],
  ["with a fraction", NOW, "2026-03-28T23:00:00.1239Z", "2026-03-28T23:00:00.123Z"],
  ["with a short fraction", NOW, "2026-03-28T23:00:00.5Z", "2026-03-28T23:00:00.500Z"],
  ["local", NOW, "2026-03-28 23:00", "2026-03-28T22:00:00.000Z"],
  ["local with seconds", NOW, "2026-03-28 23:00:59", "2026-03-28T22:00:59.000Z"],
  ["local in summer", NOW, "2026-03-30 23:00", "2026-03-30T21:00:00.000Z"],
  ["on a leap day", NOW, "2028-02-29 00:00", "2028-02-28T23:00:00.000Z"],
  ["later today", NOW, "23:00", "2026-03-28T22:00:00.000Z"],
  ["in a minute", NOW, "12:31", "2026-03-28T11:31:00.000Z"],
  ["this minute has begun, so tomorrow", NOW, "12:30", "2026-03-29T10:30:00.000Z"],
  ["midnight", NOW, "00:00", "2026-03-28T23:00:00.000Z"],
  ["skipped tomorrow, so the day after", NOW, "02:30", "2026-03-30T00:30:00.000Z"],
  ["the first of two", "2026-10-25T00:00:00Z", "02:30", "2026-10-25T00:30:00.000Z"],
  ["the second of two", "2026-10-25T00:45:00Z", "02:30", "2026-10-25T01:30:00.000Z"],
  ["after both", "2026-10-25T01:45:00Z", "02:30", "2026-10-26T01:30:00.000Z"],
] as const;

const refused = [
  ["skipped", "2026-03-29 02:00"],
  ["skipped", "2026-03-29 02:59:59"],
  ["twice", "2026-10-25 02:00"],
  ["twice", "2026-10-25 02:59:59"],
  ...[
    ["", "now", "1", "12", "1:00", "24:00", "12:60", "12:00:00", "12:00Z", " 12:00", "12:00 "],
    [
      "2026",
      "2026-03",
      "2026-03-28",
      "2026-03-28T23:00",
      "2026-03-28T23:00:00",
      "28.03.2026 23:00",
    ],
    ["2026-02-29 00:00", "2026-13-01 00:00", "2026-00-01 00:00", "2026-03-00 00:00"],
    ["2026-03-28 24:00", "2026-03-28 23:60", "2026-03-28 23:00:60", "2026-3-28 23:00"],
    [
      "2026-02-30T00:00:00Z",
      "2026-03-28T24:00:00Z",
      "2026-03-28T23:00:60Z",
      "0000-00-00T00:00:00Z",
    ],
    ["2026-03-28T23:00:00+24:00", "2026-03-28T23:00:00+00:60", "2026-03-28T23:00:00+1"],
    ["2026-03-28T23:00:00.Z", "2026-03-28T23:00:00,5Z", "+002026-03-28T23:00:00Z"],
    ["2026-03-28T23:00:00Z\n", "\u0662\u0660:\u0660\u0660", "12:0\u0000", "1e3", "NaN"],
  ].flatMap((texts) => texts.map((text) => ["nonsense", text] as const)),
] as const;

describe("a time on the command line", () => {
  for (const [name, now, text, iso] of moments) {
    it(`${name}: ${text}`, () => {
      const readMs = readTime(text, Date.parse(now));
      assert.equal(typeof readMs === "number" ? new Date(readMs).toISOString() : readMs, iso);
    });
  }
  for (const [why, text] of refused) {
    it(`${why}: ${JSON.stringify(text)}`, () => {
      assert.equal(readTime(text, Date.parse(NOW)), why);
    });
  }

  it("is written so that it can be read again", () => {
    assert.equal(writeTime(Date.parse("2026-03-01T21:30:00Z")), "2026-03-01 22:30:00+01:00");
    let hours = new Set<number>();
    fc.assert(
      fc.property(fc.date({ min: new Date("1975-01-01"), max: new Date("2100-01-01") }), (date) => {
        fc.pre(!Number.isNaN(date.getTime()));
        const seconds = Math.floor(date.getTime() / 1000) * 1000;
        hours = hours.add(date.getTimezoneOffset());
        assert.equal(readTime(writeTime(date.getTime()), 0), seconds);
      }),
    );
    assert.ok(hours.size > 1, "summer and winter");
  });

  it("HH:MM is the next moment, and the local clock shows it", () => {
    const clock = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
    // Around both changes of the clock.
    const now = fc
      .tuple(fc.constantFrom("2026-03-28", "2026-10-24"), fc.integer({ min: 0, max: 48 * 3600 }))
      .map(([day, seconds]) => Date.parse(`${day}T12:00:00Z`) + seconds * 1000);
    let far = 0;
    fc.assert(
      fc.property(clock, now, ([hour, minute], nowMs) => {
        const text = [hour, minute].map((part) => String(part).padStart(2, "0")).join(":");
        const readMs = readTime(text, nowMs);
        assert.ok(typeof readMs === "number");
        assert.deepEqual(
          [new Date(readMs).getHours(), new Date(readMs).getMinutes()],
          [hour, minute],
        );
        assert.ok(readMs > nowMs);
        // No earlier minute shows the same.
        for (let at = readMs - 60_000; at > nowMs; at -= 60_000) {
          const before = new Date(at);
          assert.ok(before.getHours() !== hour || before.getMinutes() !== minute);
        }
        if (readMs - nowMs > 24 * 3_600_000) far += 1;
      }),
      { numRuns: 300 },
    );
    assert.ok(far > 0, "some times are skipped or come an hour later");
  });
});
