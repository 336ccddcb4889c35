/** What ExaBGP holds, as it says itself: the types of a listing of routes. */
import type { Route } from "./route.ts";

/** One route in ExaBGP's adj-rib-out, for one neighbor; the session need not be up. */
export interface ListedRoute {
  /** Address of the neighbor, canonical. */
  readonly neighbor: string;
  /** Canonical. */
  readonly prefix: string;
  /**
   * Normalized, without neighbors; undefined when it has attributes that a `Route` cannot say, or none were told.
   * `origin:192.0.2.1:7` and `origin:7:3221225985` (RFC 4360) are listed alike and read as the second.
   */
  readonly route: Route | undefined;
  /** Our address in the session, canonical: `next-hop self` may be listed as this. Undefined where it is not told. */
  readonly localAddress: string | undefined;
}

/**
 * - `done`: all that was written before the question is in it, and nothing that was written after.
 * - `error`: ExaBGP refused the question, or said what cannot be read, or more than `LISTED_ROUTES_MAX`.
 * - `timeout`: no complete answer in time, or answers were lost near it.
 * - `unsupported`: nobody knows what this ExaBGP would have to be asked.
 * - `closed`: ExaBGP is gone, or the bridge was stopped.
 */
export type ListingOutcome = "done" | "error" | "timeout" | "unsupported" | "closed";

export interface RoutesListing {
  readonly outcome: ListingOutcome;
  /** Unicast only; empty unless `done`. A neighbor without a route is not in it. */
  readonly routes: readonly ListedRoute[];
  /** Whether attributes were told: 6.0 tells none, and every `route` is undefined. */
  readonly tellsAttributes: boolean;
  /** When the question was written, or asked for if it never was; on the clock of `timers`. */
  readonly askedAtMs: number;
  /** When its end came, or was given up. */
  readonly answeredAtMs: number;
}

export type Listed = (listing: RoutesListing) => void;

/** 10,000 prefixes for a dozen neighbors; entries share their attributes and take some 200 bytes each. */
export const LISTED_ROUTES_MAX = 131_072;
