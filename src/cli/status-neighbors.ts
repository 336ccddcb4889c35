/** What each neighbor is to have, has and was sent: a row for all prefixes of which the same is true. */
import { listPrefixes, type RouteStatus, type ServiceStatus } from "./status-words.ts";
import type { Cell } from "./table.ts";

export const NEIGHBOR_HEADING = [
  "NEIGHBOR",
  "SESSION",
  "WANTED",
  "ACCEPTED",
  "HELD",
  "SENT",
  "PREFIXES",
];

type AtNeighbor = RouteStatus["neighbors"][number];

/** @param isDetailed All of them; else only where a neighbor is not where it should be although ExaBGP says done. */
export function neighborRows(
  services: readonly ServiceStatus[],
  isDetailed: boolean,
): (readonly (Cell | string)[])[] {
  const rows = new Map<string, { readonly one: AtNeighbor; readonly prefixes: Set<string> }>();
  for (const { prefix, neighbors } of services.flatMap(({ routes }) => routes)) {
    for (const one of neighbors) {
      if (!isDetailed && !isAmiss(one)) continue;
      const key = JSON.stringify(one);
      const row = rows.get(key) ?? { one, prefixes: new Set() };
      rows.set(key, row);
      // Services that share a prefix say the same of it.
      row.prefixes.add(prefix);
    }
  }
  return [...rows.values()]
    .toSorted((left, right) => (left.one.neighbor < right.one.neighbor ? -1 : 1))
    .map(({ one, prefixes }) => {
      const { neighbor, session, wanted, accepted, held, sent } = one;
      const warn = (text: string): Cell | string =>
        isAmiss(one) ? { text, color: "yellow" } : text;
      const shown = { text: session, color: session === "up" ? "green" : "red" } as const;
      const those = listPrefixes([...prefixes]);
      return [neighbor, shown, wanted, accepted, warn(held), warn(sent), those];
    });
}

/** `unknown` is nobody's fault. What was sent counts only while there is a session that it came through. */
function isAmiss({ session, wanted, accepted, held, sent }: AtNeighbor): boolean {
  if (wanted === "leave" || accepted !== wanted) return false;
  const isHeld = wanted === "announce" ? "yes" : "no";
  const isSent = sent === "unknown" || session !== "up" || sent === wanted;
  return !isSent || (held !== "unknown" && held !== isHeld);
}
