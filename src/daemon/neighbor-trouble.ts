/** Prefixes that neighbors cannot have as they are configured with ExaBGP: told until one of both is changed. */
import { misfits, type Misfits } from "../core/misfits.ts";
import type { AgentState } from "../core/state.ts";

/** Enough to know where to look. */
const SHOWN_MAX = 3;

export type NeighborTrouble = "next-hop-family" | "family-missing" | "unknown-neighbor";

export const NEIGHBOR_TROUBLES = [
  "next-hop-family",
  "family-missing",
  "unknown-neighbor",
] as const satisfies readonly NeighborTrouble[];

type Told = Readonly<Partial<Record<NeighborTrouble, string>>>;

/** Ten thousand prefixes are gone through only when a reload, or ExaBGP's configuration, has changed something. */
export class NeighborTroubles {
  #index: AgentState["index"] | undefined;
  #neighbors: AgentState["neighbors"];
  #told: Told = {};

  /** @returns What is amiss, in words. */
  judge({ index, neighbors }: Pick<AgentState, "index" | "neighbors">): Told {
    if (index === this.#index && neighbors === this.#neighbors) return this.#told;
    this.#index = index;
    this.#neighbors = neighbors;
    this.#told = toldOf(misfits({ index, neighbors }));
    return this.#told;
  }
}

function toldOf({ unfit, uncarried, unknown }: Misfits): Told {
  return {
    ...(unfit.length > 0 && { "next-hop-family": unfitText(unfit) }),
    ...(uncarried.length > 0 && {
      "family-missing": `${listed(
        uncarried.map(({ prefix, family }) => `${prefix} (${family} unicast)`),
      )}: no neighbor in exabgp.conf takes the family, so nobody hears it`,
    }),
    ...(unknown.length > 0 && {
      "unknown-neighbor": `${listed(
        unknown.map(({ service, neighbor }) => `${neighbor} of ${service}`),
      )}: ExaBGP has no such neighbor`,
    }),
  };
}

function unfitText(unfit: Misfits["unfit"]): string {
  const withheld = unfit.filter(({ isWithheld }) => isWithheld);
  const partly = unfit.filter(({ isWithheld }) => !isWithheld);
  const parts = [
    ...(withheld.length > 0 ? [`${listed(withheld.map(text))} not announced at all`] : []),
    ...(partly.length > 0 ? [`${listed(partly.map(text))} announced to others only`] : []),
  ];
  return `${parts.join("; ")}: next-hop self is no IPv6 address on an IPv4 session; write next-hop: { ipv4: self, ipv6: ADDRESS }, or give IPv6 a session of its own`;
}

function text({ prefix, neighbors }: Misfits["unfit"][number]): string {
  return `${prefix} (${listed(neighbors)})`;
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN_MAX;
  return `${names.slice(0, SHOWN_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
