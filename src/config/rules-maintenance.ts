/** Maintenance windows: of services that exist, and over before they start again. */
import { calendarOf, type Calendar } from "./cron.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import type { Draft } from "./issues.ts";
import { formatPath, type Path, type Problem } from "./problem.ts";
import type { Window } from "./schema-maintenance.ts";
import type { Sources } from "./source.ts";

/** As in the drains: the whole PoP. Names of services start otherwise. */
const ALL_SERVICES = "_all";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Days that are looked at for two starts that are too close: in 28 years every date falls on every day of the week. */
const FIRST_DAY_MS = Date.UTC(2024, 0, 1);
const DAYS = 28 * 365 + 7;

export function maintenanceProblems({ main, maintenance, services }: Sources): Problem[] {
  const names = new Set(services.map(({ name }) => name));
  const problem = (path: Path, message: string, allowed: string): Problem => {
    const full = ["maintenance", ...path];
    return { ...main.place(full), path: formatPath(full), message, allowed };
  };
  return maintenance.flatMap((window, index) => {
    if (window === undefined) return [];
    const wrong = nameMistakes(window.services ?? [], names).map(({ at, message, allowed }) =>
      problem([index, "services", at], message, allowed),
    );
    const timing = timeMistake(window);
    if (timing === undefined) return wrong;
    return [...wrong, problem([index, timing.key], timing.message, timing.allowed)];
  });
}

function nameMistakes(
  listed: readonly (string | undefined)[],
  names: ReadonlySet<string>,
): { at: number; message: string; allowed: string }[] {
  return listed.flatMap((name, at) => {
    if (name === undefined) return [];
    const earlier = listed.indexOf(name);
    const shown = JSON.stringify(name.slice(0, 64));
    if (earlier < at) {
      const message = `${name} is the same as services[${earlier}]`;
      return names.has(name) ? [{ at, message, allowed: "each service once" }] : [];
    }
    if (name === ALL_SERVICES) {
      if (listed.length === 1) return [];
      return [{ at, message: "_all is not the only one", allowed: "[_all], or names of services" }];
    }
    if (names.has(name)) return [];
    return [{ at, message: `${shown} is no service`, allowed: "a name under services, or _all" }];
  });
}

interface TimeMistake {
  readonly key: "cron" | "for";
  readonly message: string;
  readonly allowed: string;
}

function timeMistake(window: Draft<Window>): TimeMistake | undefined {
  if (window.cron === undefined) return undefined;
  const calendar = calendarOf(window.cron);
  if (!calendar.comes()) {
    const allowed = "an expression that fits some day: day of month and day of week must both fit";
    return { key: "cron", message: `"${window.cron}" never comes`, allowed };
  }
  if (window.for === undefined) return undefined;
  const forMs = parseDuration(window.for);
  const gapMs = shortestGapMs(calendar, forMs);
  if (gapMs === undefined || forMs < gapMs) return undefined;
  const message = `${formatDuration(forMs)} is not over when the window starts again, after ${formatDuration(gapMs)}`;
  return { key: "for", message, allowed: `less than ${formatDuration(gapMs)}` };
}

/** Between two starts, as far as it is at most `forMs`. Clocks that change are left out. */
function shortestGapMs({ minutes, hasDay }: Calendar, forMs: number): number | undefined {
  const gaps = minutes.slice(1).map((minute, at) => minute - (minutes[at] ?? 0));
  const withinDayMs = gaps.length === 0 ? Infinity : Math.min(...gaps) * MINUTE_MS;
  const [firstMs, lastMs] = [(minutes[0] ?? 0) * MINUTE_MS, (minutes.at(-1) ?? 0) * MINUTE_MS];
  let shortestMs = withinDayMs;
  // Two days are a day apart at least.
  if (forMs + lastMs - firstMs >= DAY_MS) {
    let beforeMs: number | undefined;
    for (let day = 0; day < DAYS; day += 1) {
      const dayMs = FIRST_DAY_MS + day * DAY_MS;
      if (!hasDay(dayMs)) continue;
      if (beforeMs !== undefined) {
        shortestMs = Math.min(shortestMs, dayMs + firstMs - (beforeMs + lastMs));
        if (dayMs - beforeMs === DAY_MS) break;
      }
      beforeMs = dayMs;
    }
  }
  return shortestMs <= forMs ? shortestMs : undefined;
}
