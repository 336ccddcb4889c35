/** Neighbors that cannot have a prefix, in words: what would have to be written instead. */
import { fitted, unfitNeighbors } from "./fit.ts";
import type { PlannedPrefix } from "./index-plan.ts";
import type { AgentState } from "./state.ts";
import { list } from "./why-words.ts";

const NEIGHBORS_SHOWN = 3;

/** `%` stands for the prefixes; undefined: all can have it. */
export function unfitSentence(
  { neighbors }: Pick<AgentState, "neighbors">,
  planned: PlannedPrefix | undefined,
): { readonly text: string; readonly isWithheld: boolean } | undefined {
  if (planned === undefined) return undefined;
  const { up } = planned.routes;
  const unfit = unfitNeighbors(up, neighbors);
  if (unfit.length === 0) return undefined;
  const isWithheld = fitted(up, neighbors) === undefined;
  const whom = list(unfit.toSorted(), NEIGHBORS_SHOWN);
  const who = isWithheld ? "No neighbor can have %" : `${whom} cannot have %`;
  const where = isWithheld ? ` with ${whom}` : "";
  const session = unfit.length > 1 ? "the IPv4 sessions" : "the IPv4 session";
  return {
    text: `${who}: next-hop self is no IPv6 address on ${session}${where}; it needs next-hop: { ipv4: self, ipv6: ADDRESS }, or a session of its own.`,
    isWithheld,
  };
}
