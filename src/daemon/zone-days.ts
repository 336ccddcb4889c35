/**
 * Local times of a zone as moments. A time that the clocks skip is taken with the offset before the gap, and of one
 * that they repeat the first is meant (RFC 5545 section 3.3.5).
 */

const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

/** The local times of one day of the calendar. */
export interface ZoneDay {
  /** @param localMs A local time of that day, as if it were UTC. @returns Milliseconds since 1970. */
  readonly momentOf: (localMs: number) => number;
}

/** How far a zone is ahead of UTC. */
type OffsetAt = (momentMs: number) => number;

/** @param zone IANA name. @throws {RangeError} If Node.js does not know it. */
export function createZone(zone: string): (dayMs: number) => ZoneDay {
  const offsetAt = createOffset(zone);
  return (dayMs) => {
    // All moments of the day, for every offset there is: they are from -12 h to +14 h. Between these ends a zone
    // changes at most once; no zone in the database changes twice in three days any more.
    const [fromMs, toMs] = [dayMs - DAY_MS, dayMs + 2 * DAY_MS];
    const [before, after] = [offsetAt(fromMs), offsetAt(toMs)];
    if (before === after) return { momentOf: (localMs) => localMs - before };
    const changeMs = findChange(offsetAt, fromMs, toMs);
    return {
      momentOf(localMs) {
        const [early, late] = [localMs - before, localMs - after];
        return early < changeMs || late < changeMs ? early : late;
      },
    };
  };
}

/** @returns The first minute that has the offset of `toMs`. Offsets have changed on whole minutes since 1972. */
function findChange(offsetAt: OffsetAt, fromMs: number, toMs: number): number {
  const before = offsetAt(fromMs);
  let [low, high] = [fromMs / MINUTE_MS, toMs / MINUTE_MS];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * MINUTE_MS) === before) low = middle;
    else high = middle;
  }
  return high * MINUTE_MS;
}

function createOffset(zone: string): OffsetAt {
  const format = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    hourCycle: "h23",
    calendar: "gregory",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  return (momentMs) => {
    const parts = new Map(
      format.formatToParts(momentMs).map(({ type, value }) => [type, Number(value)]),
    );
    const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const localMs = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"));
    return localMs - Math.floor(momentMs / MINUTE_MS) * MINUTE_MS;
  };
}
