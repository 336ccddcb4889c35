/** Points in time as people write and read them. */

/** RFC 3339 section 5.6; its notes allow a space for the `T`, and small letters. */
const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** In the time zone of whoever runs the command. */
const LOCAL = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)(?::(\d\d))?$/;

const CLOCK = /^(\d\d):(\d\d)$/;

export const TIMES_ALLOWED =
  "RFC 3339 such as 2026-03-01T22:30:00Z, YYYY-MM-DD HH:MM[:SS] in local time, or HH:MM, the next such";

const DAY_MS = 24 * 3_600_000;

/** Year, month (1 to 12), day, hour, minute, second. */
type Fields = readonly [number, number, number, number, number, number];

/** When it is, in milliseconds since 1970; or why nobody can tell. */
export type ReadTime = number | "nonsense" | "skipped" | "twice";

/**
 * Strict: `Date.parse` takes `2026`, `1` and February 30.
 *
 * @param nowMs Milliseconds since 1970; `HH:MM` is after it.
 * @returns `skipped` and `twice` for local times that a change of the clock leaves out or repeats.
 */
export function readTime(text: string, nowMs: number): ReadTime {
  const instant = INSTANT.exec(text);
  if (instant !== null) return readInstant(instant);
  const local = LOCAL.exec(text);
  if (local !== null) {
    const fields = fieldsOf(local.slice(1));
    if (!isDate(fields)) return "nonsense";
    const [only, second] = momentsOf(fields);
    if (only === undefined) return "skipped";
    return second === undefined ? only : "twice";
  }
  const clock = CLOCK.exec(text);
  return clock === null ? "nonsense" : nextClock(Number(clock[1]), Number(clock[2]), nowMs);
}

/** @returns `2026-03-01 22:30:00+01:00` in local time: RFC 3339, and what `--until` takes. */
export function writeTime(timeMs: number): string {
  const offsetMin = -new Date(timeMs).getTimezoneOffset();
  // Old offsets had seconds; RFC 3339 has none. Shown with the offset that is written, it is right all the same.
  const wholeMin = Math.trunc(offsetMin);
  const shown = new Date(timeMs + wholeMin * 60_000).toISOString();
  const [hours, minutes] = [Math.floor(Math.abs(wholeMin) / 60), Math.abs(wholeMin) % 60];
  const offset = `${wholeMin < 0 ? "-" : "+"}${twoDigits(hours)}:${twoDigits(minutes)}`;
  return `${shown.slice(0, 10)} ${shown.slice(11, 19)}${offset}`;
}

function readInstant(match: RegExpExecArray): ReadTime {
  const [fraction = "", sign, hours = "0", minutes = "0"] = match.slice(7);
  const fields = fieldsOf(match.slice(1, 7));
  if (!isDate(fields) || Number(hours) > 23 || Number(minutes) > 59) return "nonsense";
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  return utcMs(fields) - offsetMs + Number(fraction.slice(0, 3).padEnd(3, "0"));
}

/** Two days ahead, because a change of the clock may leave out the one of tomorrow. */
function nextClock(hour: number, minute: number, nowMs: number): ReadTime {
  if (hour > 23 || minute > 59) return "nonsense";
  const now = new Date(nowMs);
  for (const days of [0, 1, 2]) {
    const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 12);
    const fields = [day.getFullYear(), day.getMonth() + 1, day.getDate(), hour, minute, 0] as const;
    const next = momentsOf(fields).find((momentMs) => momentMs > nowMs);
    if (next !== undefined) return next;
  }
  return "nonsense";
}

/** All moments at which local clocks show this, the first one first: none or two around a change of the clock. */
function momentsOf(fields: Fields): number[] {
  const aboutMs = utcMs(fields);
  const offsets = [-DAY_MS, DAY_MS].map((aside) => new Date(aboutMs + aside).getTimezoneOffset());
  return [...new Set(offsets.map((offsetMin) => aboutMs + offsetMin * 60_000))]
    .filter((momentMs) => {
      const at = new Date(momentMs);
      return at.getHours() === fields[3] && at.getMinutes() === fields[4];
    })
    .toSorted((left, right) => left - right);
}

function isDate(fields: Fields): boolean {
  const iso = new Date(utcMs(fields)).toISOString();
  return fieldsOf(iso.split(/[-T:.Z]/)).every((field, at) => field === fields[at]);
}

function fieldsOf(texts: readonly (string | undefined)[]): Fields {
  const [year, month, day, hour, minute, second] = texts.map((text) => Number(text ?? 0));
  return [year ?? 0, month ?? 0, day ?? 0, hour ?? 0, minute ?? 0, second ?? 0];
}

function utcMs([year, month, day, hour, minute, second]: Fields): number {
  // `Date.UTC` reads the years 0 to 99 as 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}

function twoDigits(count: number): string {
  return String(count).padStart(2, "0");
}
