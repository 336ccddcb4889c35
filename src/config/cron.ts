/** What node-cron makes of the expressions of maintenance windows: five fields, whole minutes. */
import { createTask, validateDetailed, type ScheduledTask } from "node-cron";

/** Longer than any list of minutes and hours that a person writes. */
const CRON_MAX = 100;

/** No number has three digits: node-cron would write out a range such as 0-99999999. */
const SHAPE = /^[\dA-Za-z*,/#?-]+(?: +[\dA-Za-z*,/#?-]+){4}$/;

export const CRON_ALLOWED =
  "a cron expression of five fields: minute, hour, day of month, month, day of week, such as 0 3 * * 0";

const FIELDS_ALLOWED: Readonly<Record<string, string>> = {
  minute: "minutes from 0 to 59 in the first field",
  hour: "hours from 0 to 23 in the second field",
  dayOfMonth: "days from 1 to 31 that the months have in the third field",
  month: "months from 1 to 12, or jan to dec, in the fourth field",
  dayOfWeek: "days of the week from 0 to 7, or sun to sat, in the fifth field",
};

/** When the windows of one expression start, in local time. */
export interface Calendar {
  /** Minutes after midnight, ascending. */
  readonly minutes: readonly number[];
  /** Whether any day fits: the 29th of February is never the first Monday of a month. */
  readonly comes: () => boolean;
  /** @param dayMs Midnight of a day of the calendar, as if it were UTC. */
  readonly hasDay: (dayMs: number) => boolean;
}

const MINUTE_MS = 60_000;

/** @returns What would have been right; undefined if `text` is. */
export function cronMistake(text: string): string | undefined {
  if (text.length > CRON_MAX || !SHAPE.test(text) || /\d{3}/.test(text)) return CRON_ALLOWED;
  const { valid, errors } = validateDetailed(text);
  return valid ? undefined : (FIELDS_ALLOWED[errors[0]?.field ?? ""] ?? CRON_ALLOWED);
}

/**
 * The days and times of `cron`, as node-cron matches them: the day of the month and the day of the week must both fit.
 *
 * @throws {Error} If `cronMistake` finds one.
 */
export function calendarOf(cron: string): Calendar {
  const { fields } = validateDetailed(cron);
  if (fields === undefined) throw new Error(`Cannot use cron expression ${JSON.stringify(cron)}`);
  const { hour, minute, month, dayOfMonth, dayOfWeek } = fields;
  const minutes = hour.flatMap((hours) =>
    minute.map((minutesOfHour) => hours * 60 + minutesOfHour),
  );
  const sorted = [...new Set(minutes)].toSorted((left, right) => left - right);
  // In UTC no local time is skipped or repeated. It only matches, and leaves node-cron's registry at once.
  const task = createTask(cron, () => {}, { timezone: "UTC" });
  void task.destroy();
  const isPlain = [...dayOfMonth, ...dayOfWeek].every((one) => typeof one === "number");
  const firstMs = (sorted[0] ?? 0) * MINUTE_MS;
  return { minutes: sorted, comes: () => comes(task), hasDay };

  function hasDay(dayMs: number): boolean {
    const date = new Date(dayMs + firstMs);
    // node-cron takes 25 µs, and only tokens such as `L` and `1#2` need it.
    if (!month.includes(date.getUTCMonth() + 1)) return false;
    if (isOut(dayOfMonth, date.getUTCDate()) || isOut(dayOfWeek, date.getUTCDay())) return false;
    return isPlain || task.match(date);
  }
}

/** Whether `value` is none of plain numbers; tokens such as `L` and `1#2` may be anything. */
function isOut(allowed: readonly (number | string)[], value: number): boolean {
  return !allowed.includes(value) && allowed.every((one) => typeof one === "number");
}

function comes(task: ScheduledTask): boolean {
  try {
    // Looks as far as 100 years ahead.
    return task.getNextRuns(1).length === 1;
  } catch {
    return false;
  }
}
