/** What ExaBGP is configured with, as it says itself: the neighbors that may have the routes of this process. */

/** One neighbor of ExaBGP's configuration; its session need not be up. */
export interface ConfiguredNeighbor {
  /** Its address, canonical: that of the session, whose family the address is of. */
  readonly neighbor: string;
  /** Our address in the session, canonical; undefined where ExaBGP finds it itself. */
  readonly localAddress: string | undefined;
  /** Unicast families that are offered, sorted. */
  readonly families: readonly ("ipv4" | "ipv6")[];
  /** Absent where ExaBGP takes what the neighbor says. */
  readonly localAs?: number;
  readonly peerAs?: number;
}

/** As for a listing of routes; `unsupported` also where a neighbor has no single address. */
export interface NeighborsListing {
  readonly outcome: "done" | "error" | "timeout" | "unsupported" | "closed";
  /** Each address once, sorted; empty unless `done`. */
  readonly neighbors: readonly ConfiguredNeighbor[];
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

export type NeighborsListed = (listing: NeighborsListing) => void;

/** ExaBGP takes some 10 ms for each. */
export const LISTED_NEIGHBORS_MAX = 4096;
