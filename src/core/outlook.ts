/** Which results would change the decision about a service, if nothing else happened. */
import { paceOf } from "./pace.ts";
import { balance, countOf, isByWeight } from "./requirement.ts";
import { judgedOf } from "./settle.ts";
import type { AgentState } from "./state.ts";

/** What would bring the checks of a service to the other side. */
export interface Outlook {
  readonly towards: "up" | "down";
  /** How much of `checks` must get there, as the requirement counts them; at least 1. */
  readonly count: number;
  readonly isByWeight: boolean;
  readonly checks: readonly CheckOutlook[];
}

export interface CheckOutlook {
  readonly name: string;
  /** Its weight where the requirement is one, else 1. */
  readonly count: number;
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
  const judged = judgedOf(state, at);
  const require = state.index.plan.services[at]?.require ?? "all";
  const wasMet = state.services[at]?.metSinceMs !== undefined;
  const { up, unknown, total, needed } = balance(require, judged, wasMet);
  const count = towards === "up" ? needed - up : up + unknown - needed + 1;
  if (count <= 0 || total === 0) return undefined;
  const open = (state.index.checksOf[at] ?? []).filter((_, nth) => {
    const check = judged[nth];
    return check?.advisory === false && check.verdict !== towards;
  });
  return {
    towards,
    count,
    isByWeight: isByWeight(require),
    checks: open.flatMap((place) => of(state, place, towards, nowMs)),
  };
}

/** When the requirement could be met, or missed, at the earliest; milliseconds on the monotonic clock. */
export function earliestMs({ checks, count }: Outlook): number {
  let counted = 0;
  for (const check of checks.toSorted((left, right) => left.earliestMs - right.earliestMs)) {
    counted += check.count;
    if (counted >= count) return check.earliestMs;
  }
  return 0;
}

function of(
  state: AgentState,
  place: number,
  towards: "up" | "down",
  nowMs: number,
): CheckOutlook[] {
  const { check, service = -1 } = state.index.checks[place] ?? {};
  const known = state.checks[place];
  if (check === undefined || known === undefined) return [];
  const count = countOf(state.index.plan.services[service]?.require ?? "all", check);
  const { health, last, burst } = known;
  const have = health.towards === towards ? health.against : 0;
  const more = (towards === "up" ? check.rise : check.fall) - have;
  const paceMs = paceOf({ health, burst }, check.timing);
  const fastMs = check.timing.fastIntervalMs;
  const nextMs = Math.max(nowMs, last === undefined ? nowMs : last.startedMs + paceMs);
  return [
    {
      name: check.name,
      count,
      more,
      have,
      paceMs,
      fastMs,
      earliestMs: nextMs + (more - 1) * fastMs,
    },
  ];
}
