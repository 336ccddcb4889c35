/** A reload as a record: who asked for it, from which configuration to which, and what it did. */
import type { ReloadAnswer } from "../control/reload-protocol.ts";
import type { Occurrence } from "./audit.ts";

/** Enough of a long list of mistakes; the log and the status have all. */
const PROBLEM_CHARS_MAX = 300;

export function reloadRecord(answer: ReloadAnswer): Occurrence {
  const { outcome, actor, from, to } = answer;
  return {
    reason: outcome,
    actor,
    note: noteOf(answer),
    ...(from === "" ? {} : { configFrom: short(from) }),
    ...(to === "" ? {} : { configTo: short(to) }),
    prefixes: prefixesOf(answer),
  };
}

function noteOf({ outcome, problems, diff }: ReloadAnswer): string {
  if (diff === undefined) {
    const [problem = ""] = problems;
    const more = problems.length > 1 ? `; and ${problems.length - 1} more` : "";
    return problem.slice(0, PROBLEM_CHARS_MAX) + more;
  }
  const { now, lost, announced } = diff;
  if (outcome === "mass-withdrawal") {
    return `would withdraw ${lost} of ${announced} announced prefixes`;
  }
  // Nothing else lets more than half go.
  const forced = diff.massWithdrawal ? "; forced" : "";
  return `at once ${now.announced.length} announced, ${now.changed.length} changed, ${now.withdrawn.length} withdrawn${forced}`;
}

/** What changed on the wire; of a refusal what would have been withdrawn. */
function prefixesOf({ outcome, diff }: ReloadAnswer): readonly string[] {
  const { withdrawn = [], changed = [], announced = [] } = diff?.now ?? {};
  return outcome === "mass-withdrawal" ? withdrawn : [...withdrawn, ...changed, ...announced];
}

/** As `shortHash`, which would load the whole of the configuration's code. */
function short(hash: string): string {
  return hash.slice(0, 12);
}
