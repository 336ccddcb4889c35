/** Which results would change the decision about a service, if nothing else happened. */
import { neededOf } from "./decide.ts";
import { paceOf } from "./pace.ts";
import type { AgentState } from "./state.ts";

/** What would bring the checks of a service to the other side. */
export interface Outlook {
  readonly towards: "up" | "down";
  /** How many of `checks` must get there; at least 1. */
  readonly count: number;
  readonly checks: readonly CheckOutlook[];
}

export interface CheckOutlook {
  readonly name: string;
  /** Results of one kind in a row that its verdict needs from now on. */
  readonly more: number;
  /** Those that it has already. */
  readonly have: number;
  /** Milliseconds between two attempts now, and once the first of those results has come. */
  readonly paceMs: number;
  readonly fastMs: number;
  /** When the last of them may have begun, milliseconds on the monotonic clock. */
  readonly earliestMs: number;
}

/**
 * What the checks of the service at `at` need to meet its requirement, or to make meeting it impossible.
 *
 * @returns undefined when they are there already.
 */
export function outlook(
  state: AgentState,
  at: number,
  towards: "up" | "down",
  nowMs: number,
): Outlook | undefined {
  const places = state.index.checksOf[at] ?? [];
  const verdicts = places.map((place) => state.checks[place]?.health.verdict ?? "unknown");
  const needed = neededOf(state.index.plan.services[at]?.require ?? "all", places.length);
  const up = verdicts.filter((verdict) => verdict === "up").length;
  const down = verdicts.filter((verdict) => verdict === "down").length;
  const count = towards === "up" ? needed - up : places.length - down - needed + 1;
  if (count <= 0 || places.length === 0) return undefined;
  const open = places.filter((_, nth) => verdicts[nth] !== towards);
  return { towards, count, checks: open.flatMap((place) => of(state, place, towards, nowMs)) };
}

/** When the requirement could be met, or missed, at the earliest; milliseconds on the monotonic clock. */
export function earliestMs({ checks, count }: Outlook): number {
  const moments = checks.map((check) => check.earliestMs).toSorted((left, right) => left - right);
  return moments[count - 1] ?? 0;
}

function of(
  state: AgentState,
  place: number,
  towards: "up" | "down",
  nowMs: number,
): CheckOutlook[] {
  const check = state.index.checks[place]?.check;
  const known = state.checks[place];
  if (check === undefined || known === undefined) return [];
  const { health, last, burst } = known;
  const have = health.towards === towards ? health.against : 0;
  const more = (towards === "up" ? check.rise : check.fall) - have;
  const paceMs = paceOf({ health, burst }, check.timing);
  const fastMs = check.timing.fastIntervalMs;
  const nextMs = Math.max(nowMs, last === undefined ? nowMs : last.startedMs + paceMs);
  return [
    { name: check.name, more, have, paceMs, fastMs, earliestMs: nextMs + (more - 1) * fastMs },
  ];
}
