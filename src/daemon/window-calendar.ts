/** When a maintenance window has started, by the calendar of its zone. */
import { calendarOf } from "../config/cron.ts";
import type { WindowPlan } from "../config/plan.ts";
import { createZone, type ZoneDay } from "./zone-days.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Days that are remembered: more than the longest window, a week, needs at once. */
const DAYS_MAX = 32;

export interface WindowCalendar {
  /** @returns The last start not after `momentMs`, if the window still lasts then. Both milliseconds since 1970. */
  readonly openSince: (momentMs: number) => number | undefined;
}

/** @throws {Error} If the expression or the zone cannot be used; the configuration has seen to that. */
export function createWindowCalendar({ cron, forMs, timezone }: WindowPlan): WindowCalendar {
  const { minutes, hasDay } = calendarOf(cron);
  const zone = createZone(timezone);
  const days = new Map<number, ZoneDay | undefined>();

  return {
    openSince(momentMs) {
      let latest: number | undefined;
      // A local day is at most a day away from the same day in UTC.
      const lastDay = Math.floor(momentMs / DAY_MS) + 1;
      const firstDay = Math.floor((momentMs - forMs) / DAY_MS) - 1;
      for (let day = firstDay; day <= lastDay; day += 1) {
        const zoneDay = lookUp(day * DAY_MS);
        if (zoneDay === undefined) continue;
        for (const minute of minutes) {
          const start = zoneDay.momentOf(day * DAY_MS + minute * MINUTE_MS);
          const isOpen = start <= momentMs && momentMs < start + forMs;
          if (isOpen && (latest === undefined || start > latest)) latest = start;
        }
      }
      return latest;
    },
  };

  /** undefined: no window starts on that day. */
  function lookUp(dayMs: number): ZoneDay | undefined {
    if (days.has(dayMs)) return days.get(dayMs);
    if (days.size >= DAYS_MAX) days.clear();
    const found = hasDay(dayMs) ? zone(dayMs) : undefined;
    days.set(dayMs, found);
    return found;
  }
}
