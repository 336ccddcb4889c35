/** Which checks cannot be judged now, in words: their verdicts stand, dead or alive. */
import { longestIntervalMs, staleSinceMs } from "./stale.ts";
import type { AgentState } from "./state.ts";
import { list } from "./why-words.ts";

/** One attempt that could not be judged is nothing: several were missing. */
const DOUBT_MS = 3000;
const DOUBT_INTERVALS = 3;

/** Enough to know where to look. */
const SHOWN_MAX = 3;

/**
 * `2 of 6 checks cannot be judged: no-descriptors (web/ipv4 and web/ipv6: connect EMFILE …)`; undefined: all can.
 * What the agent missed while it stood still is no doubt yet.
 */
export function doubts(state: AgentState, nowMs: number): string | undefined {
  const byReason = new Map<string, { readonly names: string[]; detail: string }>();
  let doubtful = 0;
  let stale = 0;
  for (const [at, known] of state.checks.entries()) {
    const planned = state.index.checks[at]?.check;
    if (planned === undefined) continue;
    const { last, countedAtMs, countsFromMs } = known;
    const isStale = staleSinceMs(known, planned, nowMs) !== undefined;
    const limitMs = Math.max(DOUBT_MS, DOUBT_INTERVALS * longestIntervalMs(planned));
    const isOpen = nowMs - Math.max(countedAtMs, countsFromMs) > limitMs;
    const isDoubtful = isStale || (isOpen && last?.result.outcome === "inconclusive");
    if (!isDoubtful) continue;
    doubtful += 1;
    if (isStale) stale += 1;
    const isKnown = last?.result.outcome === "inconclusive";
    const reason = isKnown ? last.result.reason : "no result";
    const group = byReason.get(reason) ?? { names: [], detail: "" };
    byReason.set(reason, group);
    group.names.push(planned.id);
    if (isKnown && group.detail === "") group.detail = last.result.detail;
  }
  if (doubtful === 0) return undefined;
  const reasons = [...byReason].map(([reason, { names, detail }]) => {
    const about = `${list(names, SHOWN_MAX)}${detail === "" ? "" : `: ${detail}`}`;
    return `${reason} (${about})`;
  });
  const old = stale === 0 ? "" : `, ${stale} of them stale`;
  return `${doubtful} of ${state.checks.length} checks cannot be judged${old}: ${reasons.join("; ")}`;
}
