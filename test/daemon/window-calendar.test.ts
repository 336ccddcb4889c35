import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createTask } from "node-cron";
import type { WindowPlan } from "../../src/config/plan.ts";
import { createWindowCalendar } from "../../src/daemon/window-calendar.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function windowOf(cron: string, timezone: string, forMs = 30 * MINUTE_MS): WindowPlan {
  return { services: ["dns"], cron, forMs, timezone, reason: "test" };
}

/** All starts in three days, in UTC: a window opens whenever `openSince` says another start than before. */
function startsOf(window: WindowPlan, from: string): string[] {
  const { openSince } = createWindowCalendar(window);
  const starts = new Set<number>();
  for (let minute = 0; minute < 3 * 24 * 60; minute += 1) {
    const start = openSince(Date.parse(from) + minute * MINUTE_MS);
    if (start !== undefined) starts.add(start);
  }
  return [...starts].map((start) => new Date(start).toISOString().slice(0, 16));
}

const cases: { name: string; zone: string; cron: string; from: string; starts: string[] }[] = [
  {
    name: "Berlin skips 02:30 in spring: it starts when 02:30 would have been, at 03:30",
    zone: "Europe/Berlin",
    cron: "30 2 * * *",
    from: "2026-03-28",
    starts: ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"],
  },
  {
    name: "Berlin repeats 02:30 in autumn: the first one",
    zone: "Europe/Berlin",
    cron: "30 2 * * *",
    from: "2026-10-24",
    starts: ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"],
  },
  {
    name: "New York skips 02:00, the first time that it skips",
    zone: "America/New_York",
    cron: "0 2 * * sun",
    from: "2026-03-07",
    starts: ["2026-03-08T07:00"],
  },
  {
    name: "New York repeats 01:30: the first one",
    zone: "America/New_York",
    cron: "30 1 * * *",
    from: "2026-10-31",
    starts: ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"],
  },
  {
    name: "Lord Howe skips half an hour",
    zone: "Australia/Lord_Howe",
    cron: "15 2 * * *",
    from: "2026-10-02",
    starts: ["2026-10-02T15:45", "2026-10-03T15:45", "2026-10-04T15:15"],
  },
  {
    name: "Lord Howe repeats half an hour",
    zone: "Australia/Lord_Howe",
    cron: "45 1 * * *",
    from: "2026-04-03",
    starts: ["2026-04-03T14:45", "2026-04-04T14:45", "2026-04-05T15:15"],
  },
  {
    name: "a time that is skipped and the time that it moves to are one window",
    zone: "Europe/Berlin",
    cron: "30 2,3 28-30 * *",
    from: "2026-03-28T12:00Z",
    starts: ["2026-03-29T01:30", "2026-03-30T00:30", "2026-03-30T01:30"],
  },
  {
    name: "UTC neither skips nor repeats",
    zone: "UTC",
    cron: "30 2 29 3 *",
    from: "2026-03-28",
    starts: ["2026-03-29T02:30"],
  },
];

describe("the calendar of a window", () => {
  for (const { name, zone, cron, from, starts } of cases) {
    it(name, () => {
      assert.deepEqual(startsOf(windowOf(cron, zone), from), starts);
    });
  }

  it("gives the starts that an independent count of minutes gives, near every change of clocks", () => {
    const zones = fc.constantFrom(
      ["Europe/Berlin", "2026-03-29"],
      ["Europe/Berlin", "2026-10-25"],
      ["America/New_York", "2026-03-08"],
      ["America/New_York", "2026-11-01"],
      ["Australia/Lord_Howe", "2026-04-05"],
      ["Australia/Lord_Howe", "2026-10-04"],
      ["Africa/Casablanca", "2026-02-15"],
      ["America/Santiago", "2026-09-06"],
      ["Pacific/Apia", "2011-12-30"],
      ["Asia/Kathmandu", "2026-01-01"],
    );
    const some = (max: number, from = 0) =>
      fc.uniqueArray(fc.integer({ min: from, max }), { minLength: 1, maxLength: 4 });
    // Near the changes, which are at night in most zones.
    const hours = fc.oneof(some(3), some(23));
    const days = fc.constantFrom<number[] | undefined>(undefined, [0, 6], [0], [1, 3, 5]);
    const forMinutes = fc.integer({ min: 1, max: 26 * 60 });
    let [odd, windows] = [0, 0];
    fc.assert(
      fc.property(
        zones,
        some(59),
        hours,
        days,
        forMinutes,
        ([zone = "", day = ""], minute, hour, weekdays, minutes) => {
          const cron = `${minute.join(",")} ${hour.join(",")} * * ${weekdays?.join(",") ?? "*"}`;
          const forMs = minutes * MINUTE_MS;
          const fromMs = Date.parse(`${day}T00:00Z`) - 2 * DAY_MS;
          const fits = (local: Date) =>
            minute.includes(local.getUTCMinutes()) &&
            hour.includes(local.getUTCHours()) &&
            (weekdays ?? [local.getUTCDay()]).includes(local.getUTCDay());
          const counted = countStarts(zone, fromMs - 3 * DAY_MS, fromMs + 4 * DAY_MS, fits);
          odd += counted.odd;
          const { openSince } = createWindowCalendar(windowOf(cron, zone, forMs));
          for (let at = fromMs; at < fromMs + 4 * DAY_MS; at += 7 * MINUTE_MS) {
            const expected = counted.starts.findLast((start) => start <= at && at < start + forMs);
            assert.equal(openSince(at), expected, `${cron} at ${new Date(at).toISOString()}`);
            if (expected !== undefined) windows += 1;
          }
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(
      odd > 40 && windows > 10_000,
      `too shallow: ${odd} odd starts, ${windows} times open`,
    );
  });
});

/**
 * Walks minute by minute over what a formatter of another form says the local time is: a new local time may start a
 * window, one that was there before may not, and those that were left out start at as long after the gap began.
 */
function countStarts(
  zone: string,
  fromMs: number,
  toMs: number,
  fits: (local: Date) => boolean,
): { starts: number[]; odd: number } {
  const starts = new Set<number>();
  let odd = 0;
  let furthest: number | undefined;
  for (let at = fromMs; at < toMs; at += MINUTE_MS) {
    const local = localTimeOf(zone, at);
    const expected: number = furthest === undefined ? local : furthest + MINUTE_MS;
    for (let skipped = expected; skipped < local; skipped += MINUTE_MS) {
      if (!fits(new Date(skipped))) continue;
      starts.add(at + skipped - expected);
      odd += 1;
    }
    if (local >= expected) {
      if (fits(new Date(local))) starts.add(at);
      furthest = local;
    } else if (fits(new Date(local))) odd += 1;
  }
  return { starts: [...starts].toSorted((left, right) => left - right), odd };
}

const formats = new Map<string, Intl.DateTimeFormat>();
const localTimes = new Map<string, number>();

/** As if it were UTC. */
function localTimeOf(zone: string, momentMs: number): number {
  const key = `${zone} ${momentMs}`;
  const known = localTimes.get(key);
  if (known !== undefined) return known;
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  formats.set(zone, format);
  const local = Date.parse(`${format.format(momentMs).replace(" ", "T")}Z`);
  localTimes.set(key, local);
  return local;
}

// What node-cron does itself, and why its rings are not enough. A version that does otherwise is to be read again.
describe("node-cron 4.6", () => {
  const runsOf = (cron: string, timezone: string, count: number): string[] => {
    const task = createTask(cron, () => {}, { timezone });
    void task.destroy();
    return task.getNextRuns(count).map((date) => date.toISOString().slice(0, 16));
  };

  it("skips a day on which the clocks skip its time", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-03-28T00:00Z") });
    assert.deepEqual(runsOf("30 2 * * *", "Europe/Berlin", 2), [
      "2026-03-28T01:30",
      "2026-03-30T00:30",
    ]);
  });

  it("takes the second of two equal times in Berlin, the first in New York", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-10-25T00:00Z") });
    assert.deepEqual(runsOf("30 2 * * *", "Europe/Berlin", 1), ["2026-10-25T01:30"]);
    t.mock.timers.setTime(Date.parse("2026-11-01T00:00Z"));
    assert.deepEqual(runsOf("30 1 * * *", "America/New_York", 1), ["2026-11-01T05:30"]);
  });
});
