import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { createTask } from "node-cron";
import { calendarOf } from "../../src/config/cron.ts";
import { ConfigError } from "../../src/config/load.ts";
import { attempt } from "./attempt.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const some = (min: number, max: number, maxLength: number) =>
  fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength });

const starts = fc.record({
  minutes: some(0, 59, 3),
  hours: some(0, 23, 3),
  days: fc.option(some(1, 31, 3)),
  weekdays: fc.option(some(0, 6, 3)),
});

test("a window is refused exactly when it is not over at its next start", () => {
  const counts = { accepted: 0, refused: 0 };
  const forMinutes = fc.oneof(
    fc.integer({ min: 1, max: 180 }),
    fc.integer({ min: 1, max: 7 * 24 * 60 }),
    fc.constantFrom(60, 24 * 60, 48 * 60, 7 * 24 * 60),
  );
  fc.assert(
    fc.property(starts, forMinutes, ({ minutes, hours, days, weekdays }, lasts) => {
      const cron = [minutes, hours, days ?? "*", "*", weekdays ?? "*"].map(String).join(" ");
      const fits = (list: readonly number[] | null, value: number) =>
        list === null || list.includes(value);
      const gap = shortestGap(
        (date) => fits(days, date.getUTCDate()) && fits(weekdays, date.getUTCDay()),
        hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute)),
        // Weeks are all alike; dates and days of the week meet in all ways within 28 years.
        days === null ? 21 : 28 * 366,
      );
      const config = attempt(`services:
  a: { scope: local, prefixes: [192.0.2.0/24], checks: { a: { type: tcp, host: "::1", port: 1 } } }
maintenance: [{ services: [a], cron: "${cron}", for: ${lasts}m, reason: test }]
`);
      const isRefused = config instanceof ConfigError;
      assert.equal(isRefused, lasts >= gap, `${cron} for ${lasts}m, gap ${gap}m`);
      counts[isRefused ? "refused" : "accepted"] += 1;
    }),
    {
      numRuns: 100,
      examples: [
        [{ minutes: [0], hours: [0, 1], days: [31], weekdays: [1] }, 60],
        // The 28th and the 1st are a day apart, but not in a leap year.
        [{ minutes: [0], hours: [0], days: [1, 28], weekdays: null }, 30 * 60],
      ],
    },
  );
  assert.ok(counts.accepted > 10 && counts.refused > 10, JSON.stringify(counts));
});

/** Between two starts from 2024 on, in minutes, by writing all of them down. */
function shortestGap(
  isDay: (date: Date) => boolean,
  minutes: readonly number[],
  dayCount: number,
): number {
  const all = Array.from({ length: dayCount }, (_, day) => day)
    .filter((day) => isDay(new Date(Date.UTC(2024, 0, 1 + day))))
    .flatMap((day) => minutes.map((minute) => day * 24 * 60 + minute))
    .toSorted((left, right) => left - right);
  return Math.min(...all.slice(1).map((start, at) => start - (all[at] ?? 0)));
}

test("the days of an expression are those that node-cron matches", () => {
  const field = (plain: fc.Arbitrary<number[]>, ...tokens: string[]) =>
    fc.oneof(
      fc.constant("*"),
      plain.map(String),
      fc.constantFrom(...tokens),
      fc.tuple(plain, fc.constantFrom(...tokens)).map(String),
    );
  const month = fc.oneof(fc.constant("*"), some(1, 12, 4).map(String), fc.constant("jan-mar"));
  let [yes, no] = [0, 0];
  fc.assert(
    fc.property(
      field(some(1, 31, 6), "L", "15W", "1-7", "*/2"),
      month,
      field(some(0, 7, 3), "5L", "1#2", "mon-fri"),
      fc.array(fc.nat(3000), { minLength: 30, maxLength: 30 }),
      (day, months, weekday, days) => {
        const cron = `30 2 ${day} ${months} ${weekday}`;
        const { hasDay } = calendarOf(cron);
        const task = createTask(cron, () => {}, { timezone: "UTC" });
        void task.destroy();
        for (const one of days) {
          const dayMs = Date.UTC(2024, 0, 1) + one * DAY_MS;
          const expected = task.match(new Date(dayMs + 150 * MINUTE_MS));
          assert.equal(hasDay(dayMs), expected, `${cron} on ${new Date(dayMs).toISOString()}`);
          if (expected) yes += 1;
          else no += 1;
        }
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(yes > 100 && no > 1000, `too shallow: ${yes} days fit, ${no} do not`);
});
