/** What ExaBGP holds of prefixes, as it said itself, and since when that is not as it was told. */
import { findingText } from "./drift.ts";
import { span } from "./span.ts";
import type { AgentState } from "./state.ts";
import type { Moment } from "./status.ts";
import { list } from "./why-words.ts";

const PREFIXES_SHOWN = 3;
const NEIGHBORS_SHOWN = 3;

/** Nothing before the first listing; prefixes of which the same is true together. */
export function ribSentences(
  { rib, drifts }: Pick<AgentState, "rib" | "drifts">,
  prefixes: readonly string[],
  { nowMs }: Moment,
): string[] {
  if (rib === undefined) return [];
  const groups = new Map<string, string[]>();
  for (const prefix of prefixes) {
    const neighbors = (rib.held.get(prefix) ?? []).map(({ neighbor }) => neighbor).toSorted();
    const whom = neighbors.length === 0 ? "nobody" : list(neighbors, NEIGHBORS_SHOWN);
    const group = groups.get(whom);
    if (group === undefined) groups.set(whom, [prefix]);
    else group.push(prefix);
  }
  const ago = span(nowMs - rib.askedMs);
  const held = [...groups].map(
    ([whom, those]) =>
      `ExaBGP held ${list(those, PREFIXES_SHOWN)} for ${whom} when it was asked ${ago} ago.`,
  );
  const drifting = prefixes.flatMap((prefix) => {
    const drift = drifts.get(prefix);
    if (drift === undefined || drift.findings.length === 0) return [];
    const what = drift.findings.map(findingText).join(", ");
    return [`${prefix} has not been as told for ${span(nowMs - drift.sinceMs)}: ${what}.`];
  });
  return [...held, ...drifting.slice(0, PREFIXES_SHOWN)];
}

/** Neighbors for which ExaBGP held any of `prefixes`. */
export function holdersOf({ rib }: Pick<AgentState, "rib">, prefixes: readonly string[]): string[] {
  const held = prefixes.flatMap((prefix) => rib?.held.get(prefix) ?? []);
  return [...new Set(held.map(({ neighbor }) => neighbor))];
}
