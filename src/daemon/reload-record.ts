/** A reload as a record: who asked for it, from which configuration to which, and what it did. */
import type { ReloadAnswer } from "../control/reload-protocol.ts";
import type { ReloadDiff } from "../core/diff.ts";
import type { Occurrence } from "./audit.ts";

/** Enough of a long list of mistakes; the log and the status have all. */
const PROBLEM_CHARS_MAX = 300;

export function reloadRecord({
  outcome,
  actor,
  from,
  to,
  problems,
  diff,
}: ReloadAnswer): Occurrence {
  const [problem = ""] = problems;
  const more = problems.length > 1 ? `; and ${problems.length - 1} more` : "";
  const note = diff === undefined ? problem.slice(0, PROBLEM_CHARS_MAX) + more : noteOf(diff);
  return {
    reason: outcome,
    actor,
    note,
    ...(from === "" ? {} : { configFrom: short(from) }),
    ...(to === "" ? {} : { configTo: short(to) }),
    prefixes: diff === undefined ? [] : [...diff.now.withdrawn, ...changesOf(diff)],
  };
}

function noteOf({ massWithdrawal, lost, announced, now }: ReloadDiff): string {
  const told = `${now.announced.length} announced, ${now.changed.length} changed, ${now.withdrawn.length} withdrawn at once`;
  return massWithdrawal ? `${told}; takes away ${lost} of ${announced} announced prefixes` : told;
}

function changesOf({ now }: ReloadDiff): readonly string[] {
  return [...now.changed, ...now.announced];
}

/** As `shortHash`, which would load the whole of the configuration's code. */
function short(hash: string): string {
  return hash.slice(0, 12);
}
