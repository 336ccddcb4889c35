/** What the checks of a service say, and what they would have to say to change its state. */
import { earliestMs, outlook, type Outlook } from "./outlook.ts";
import { balance, countOf, isByWeight } from "./requirement.ts";
import { judgedOf } from "./settle.ts";
import { span } from "./span.ts";
import { staleSinceMs } from "./stale.ts";
import type { AgentState } from "./state.ts";
import type { Moment } from "./status.ts";
import { list, pause } from "./why-words.ts";

/** Enough to see a pattern; `anyctl status` has them all. */
const SHOWN_MAX = 4;

/** Which checks come first: those that explain the most. */
const ORDER = { down: 0, unknown: 1, up: 2 } as const;

/** What was seen: how many are up, then each check with its last result. */
export function checkEvidence(state: AgentState, at: number, moment: Moment): string[] {
  const places = state.index.checksOf[at] ?? [];
  if (places.length === 0) return ["It has no checks: no configuration in force describes it."];
  const verdictAt = (place: number) => state.checks[place]?.health.verdict ?? "unknown";
  const ordered = places.toSorted((a, b) => ORDER[verdictAt(a)] - ORDER[verdictAt(b)]);
  const sentences = ordered.slice(0, SHOWN_MAX).map((place) => oneCheck(state, place, moment));
  const rest = ordered.slice(SHOWN_MAX).map(verdictAt);
  if (rest.length > 0) {
    const kinds = [...new Set(rest)].map(
      (verdict) => `${rest.filter((one) => one === verdict).length} ${verdict}`,
    );
    sentences.push(`Of its other checks ${list(kinds, 3)}.`);
  }
  return [...balanceSentence(state, at), ...sentences];
}

/** `1 of 3 checks is up; 2 are needed.` Of a single one there is nothing to count. */
function balanceSentence(state: AgentState, at: number): string[] {
  const judged = judgedOf(state, at);
  const require = state.index.plan.services[at]?.require ?? "all";
  const wasMet = state.services[at]?.metSinceMs !== undefined;
  const { up, total, needed } = balance(require, judged, wasMet);
  if (isByWeight(require)) {
    const { weight, hysteresis } = require;
    const limits = wasMet ? `, ${weight} to meet it anew` : `, ${weight - hysteresis} once met`;
    return [
      `Checks of weight ${up} of ${total} are up; ${needed} is needed${hysteresis > 0 ? limits : ""}.`,
    ];
  }
  if (total === 1) return [];
  const what = total < judged.length ? "required check" : "check";
  const are = up === 1 ? "is" : "are";
  const wanted = needed === total ? "all" : `${needed}`;
  const need = needed === 1 ? "is" : "are";
  return [`${up} of ${total} ${what}s ${are} up; ${wanted} ${need} needed.`];
}

function oneCheck(state: AgentState, place: number, { nowMs }: Moment): string {
  const check = state.index.checks[place]?.check;
  const known = state.checks[place];
  if (check === undefined || known === undefined) return "";
  const { health, last, heard, burst } = known;
  const { verdict, against, towards } = health;
  const standing = span(nowMs - health.sinceMs);
  const use = check.use === undefined ? "" : `, shared as ${check.use}`;
  const who = `${check.advisory ? "Advisory check" : "Check"} ${check.name} (${check.spec.type}${use})`;
  const parts = [
    verdict === "unknown"
      ? `${who} has had no verdict for ${standing}`
      : `${who} has been ${verdict} for ${standing}`,
  ];
  if (last === undefined) parts.push("no result yet");
  else {
    const { result, startedMs, elapsedMs } = last;
    const inconclusive = result.outcome === "inconclusive" ? "inconclusive, " : "";
    const detail = result.detail === "" ? "" : ` (${result.detail})`;
    const took = `after ${Math.round(elapsedMs * 10) / 10} ms`;
    const since = span(nowMs - startedMs - elapsedMs);
    parts.push(`last result ${inconclusive}${result.reason}${detail} ${took}, ${since} ago`);
  }
  const staleMs = staleSinceMs(known, check, nowMs);
  if (staleMs !== undefined)
    parts.push(`stale, no result has counted for ${span(nowMs - staleMs)}`);
  if (against > 0) {
    const needed = towards === "up" ? check.rise : check.fall;
    const kind = towards === "up" ? "passes" : "failures";
    parts.push(`${against} of ${needed} ${kind} in a row`);
  }
  if (heard !== undefined) {
    const detail = heard.detail === "" ? "" : ` (${heard.detail})`;
    const open =
      burst === undefined ? "" : `, probed every ${pause(check.timing.fastIntervalMs)} since`;
    parts.push(`last event ${heard.word}${detail} ${span(nowMs - heard.atMs)} ago${open}`);
  }
  if (check.advisory && verdict === "down") parts.push("it degrades, never withdraws");
  return `${parts.join("; ")}.`;
}

/** `once check a passes 2 more times in a row (probed every 1s), at the earliest in 3s` */
export function onceChecks(state: AgentState, at: number, towards: "up" | "down", moment: Moment) {
  const { nowMs, probesFromMs = nowMs } = moment;
  const ahead = outlook(state, at, towards, Math.max(nowMs, probesFromMs));
  if (ahead === undefined) return undefined;
  const soonest = earliestMs(ahead);
  return `once ${needs(ahead)}, at the earliest in ${exactly(soonest - nowMs)}`;
}

/** What the checks of a service must do after the end of a drain, which forgets all verdicts. */
export function afresh(state: AgentState, at: number): string {
  const require = state.index.plan.services[at]?.require ?? "all";
  const { total, needed } = balance(require, judgedOf(state, at), false);
  if (total === 0) return "";
  const deeds = (state.index.checksOf[at] ?? []).flatMap((place) => {
    const check = state.index.checks[place]?.check;
    if (check === undefined || check.advisory) return [];
    const { name, rise, timing } = check;
    const { intervalMs, fastIntervalMs } = timing;
    const pace = paces(rise, intervalMs, fastIntervalMs);
    return { name, count: countOf(require, check), times: times(rise, ""), pace };
  });
  return whoDoesWhat(deeds, { count: needed, isByWeight: isByWeight(require), towards: "up" });
}

function needs(ahead: Outlook): string {
  const done = ahead.checks.map(({ name, count, more, have, paceMs, fastMs }) => ({
    name,
    count,
    times: times(more, have > 0 ? " more" : ""),
    pace: paces(more, paceMs, fastMs),
  }));
  return whoDoesWhat(done, ahead);
}

interface Deed {
  readonly name: string;
  readonly count: number;
  readonly times: string;
  readonly pace: string;
}

/** `checks a and b pass 3 times in a row (probed every 1s)`; what they have in common is said once. */
function whoDoesWhat(deeds: readonly Deed[], ahead: Omit<Outlook, "checks">): string {
  const isSame = new Set(deeds.map((deed) => deed.times + deed.pace)).size === 1;
  const [one, many] = ahead.towards === "up" ? ["passes", "pass"] : ["fails", "fail"];
  const some = share(deeds, ahead);
  const isWeighed = some?.startsWith("weight") === true;
  const named = deeds.map(({ name, count }) => (isWeighed ? `${name} (${count})` : name));
  const [first] = deeds;
  if (isSame && first !== undefined) {
    const names = list(named, SHOWN_MAX);
    const isOne = deeds.length === 1 || some === "1";
    const who =
      deeds.length === 1 ? "check" : some === undefined ? "checks" : `${some} of the checks`;
    return `${who} ${names} ${isOne ? one : many} ${first.times} ${first.pace}`;
  }
  const each = deeds.map((deed, nth) => `${named[nth]} ${one} ${deed.times} ${deed.pace}`);
  return `${some === undefined ? "" : `${some} of these: `}check ${list(each, SHOWN_MAX)}`;
}

/** `2`, or `weight 40`: how much of `deeds` is needed; undefined: all of it. */
function share(
  deeds: readonly Deed[],
  { count, isByWeight: weighs }: Omit<Outlook, "checks">,
): string | undefined {
  const counts = deeds.map((deed) => deed.count);
  const total = counts.reduce((sum, one) => sum + one, 0);
  // Without any one of them it would not be enough.
  if (total - Math.min(...counts) < count) return undefined;
  if (!weighs) return `${count}`;
  return counts.every((one) => one >= count) ? "1" : `weight ${count}`;
}

function paces(more: number, paceMs: number, fastMs: number): string {
  const then = more > 1 && fastMs !== paceMs ? `, then every ${pause(fastMs)}` : "";
  return `(probed every ${pause(paceMs)}${then})`;
}

/** `once`, `1 more time`, `3 times in a row` */
function times(number: number, more: string): string {
  if (number > 1) return `${number}${more} times in a row`;
  return more === "" ? "once" : `1${more} time`;
}

/** Short waits with a fraction: `1.5s`, `0s`, `2m 3s`. */
function exactly(ms: number): string {
  return ms < 60_000 ? `${Math.round(Math.max(0, ms) / 100) / 10}s` : span(ms);
}
