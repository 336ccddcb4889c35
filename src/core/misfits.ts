/** Where the configuration and ExaBGP's neighbors do not go together: prefixes that some or all cannot have. */
import { carriersOf, fitted, unfitNeighbors } from "./fit.ts";
import { familyOf } from "./rib.ts";
import type { AgentState } from "./state.ts";

/** What is amiss, worst first. */
export interface Misfits {
  /** `next-hop self`, and the session has no address of the prefix's family. */
  readonly unfit: readonly {
    readonly prefix: string;
    readonly neighbors: readonly string[];
    /** Whether it is announced to nobody because of that. */
    readonly isWithheld: boolean;
  }[];
  /** No neighbor that is meant offers the prefix's family. */
  readonly uncarried: readonly { readonly prefix: string; readonly family: "ipv4" | "ipv6" }[];
  /** Neighbors of services, by their addresses, that ExaBGP does not have. */
  readonly unknown: readonly { readonly service: string; readonly neighbor: string }[];
}

/** Nothing as long as ExaBGP does not tell its neighbors. */
export function misfits({ index, neighbors }: Pick<AgentState, "index" | "neighbors">): Misfits {
  if (neighbors === undefined) return { unfit: [], uncarried: [], unknown: [] };
  const known = new Set(neighbors.map(({ neighbor }) => neighbor));
  const unknown = index.plan.services.flatMap(({ name, routes }) =>
    // All prefixes of a service have the same neighbors.
    (routes[0]?.neighbors ?? [])
      .filter((neighbor) => !known.has(neighbor))
      .map((neighbor) => ({ service: name, neighbor })),
  );
  const unfit: Misfits["unfit"][number][] = [];
  const uncarried: Misfits["uncarried"][number][] = [];
  for (const { prefix, routes } of index.prefixes) {
    const lacking = unfitNeighbors(routes.up, neighbors);
    if (lacking.length > 0) {
      const isWithheld = fitted(routes.up, neighbors) === undefined;
      unfit.push({ prefix, neighbors: lacking, isWithheld });
    } else if (carriersOf(routes.up, neighbors).length === 0) {
      uncarried.push({ prefix, family: familyOf(prefix) });
    }
  }
  return { unfit, uncarried, unknown };
}
