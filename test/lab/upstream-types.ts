/** What every upstream of the lab can be asked. */
import { waitUntil, type WaitOptions } from "./wait.ts";

export interface UpstreamConfig {
  /** Of its folder in the lab. */
  readonly name: string;
  /** An IPv4 address. */
  readonly routerId: string;
  readonly localAs: number;
  readonly sessions: readonly UpstreamSession[];
  /** Networks beyond the cables: the kernel's routes, which BIRD must be told of besides. */
  readonly ways?: readonly { readonly to: string; readonly via: string }[];
  /** Further lines in the router's own language, such as filters. */
  readonly more?: string;
}

/** One session for one family; the router waits for the PoP to call. */
export interface UpstreamSession {
  readonly localAddress: string;
  readonly peerAddress: string;
  readonly peerAs: number;
  /** TCP MD5 (RFC 2385). */
  readonly password?: string | undefined;
  /** The PoP is so many hops away; absent: on one cable. */
  readonly multihop?: number | undefined;
  /** The smaller of both sides' counts (RFC 4271 section 4.2). */
  readonly holdTimeS: number;
  /** A filter (BIRD) or route-map (FRR) in `more` that judges what comes in. */
  readonly importPolicy?: string;
}

/** A route as a router has it; what is not there was not sent, or not shown. Lists are sorted. */
export interface UpstreamRoute {
  readonly prefix: string;
  /** The address of the PoP's side of the session. */
  readonly peer: string;
  readonly nextHop: string;
  readonly origin: "igp" | "egp" | "incomplete";
  readonly asPath: readonly number[];
  readonly med?: number;
  /** What the router prefers it by: on eBGP the router's own number. */
  readonly localPreference?: number;
  /** `64496:1` */
  readonly communities: readonly string[];
  /** `64496:1:2` */
  readonly largeCommunities: readonly string[];
  /** `target:64496:7`, `origin:192.0.2.1:7` */
  readonly extendedCommunities: readonly string[];
}

/** One route in one UPDATE, as the router has recorded it. */
export interface UpstreamChange {
  readonly peer: string;
  readonly prefix: string;
  readonly kind: "announced" | "withdrawn";
}

/** What a program must be able to do to become an `Upstream`. */
export interface UpstreamDriver {
  readonly name: string;
  /** Where to read on when something is not as it should be. */
  readonly logFile: string;
  /** Every route that it uses, those of other neighbors included. */
  routes(): Promise<UpstreamRoute[]>;
  isUp(peer: string): Promise<boolean>;
  /** Everything that came in so far, in the order of each session. */
  changes(): UpstreamChange[];
  /** Ends a session by the router's own command, or allows it again. */
  setSession(peer: string, wanted: "enabled" | "disabled"): Promise<void>;
}

export interface Upstream extends UpstreamDriver {
  waitForSession(peer: string, options?: WaitOptions): Promise<void>;
  waitForSessionDown(peer: string, options?: WaitOptions): Promise<void>;
  /** With `fits`, waits for a route to `prefix` that it accepts. */
  waitForRoute(
    prefix: string,
    options?: WaitOptions & { readonly fits?: (route: UpstreamRoute) => boolean },
  ): Promise<UpstreamRoute>;
  waitForNoRoute(prefix: string, options?: WaitOptions): Promise<void>;
  /** What was heard about one prefix. */
  story(prefix: string): UpstreamChange["kind"][];
}

/** Each question may start a program of the router. */
const LOOK_EVERY_MS = 100;

/** As in test/wire: an ExaBGP that was refused for a while calls again after up to a minute. */
const PATIENCE_MS = 90_000;

/** The waiting that is the same for every program. */
export function upstreamFrom(driver: UpstreamDriver): Upstream {
  const { name, logFile: hint } = driver;
  function wait<T>(what: string, look: () => Promise<T | undefined>, options?: WaitOptions) {
    const patience = { deadlineMs: PATIENCE_MS, everyMs: LOOK_EVERY_MS, hint };
    return waitUntil(what, look, { ...patience, ...options });
  }
  return {
    ...driver,
    async waitForSession(peer, options) {
      const what = `${name} to have a session with ${peer}`;
      await wait(what, async () => (await driver.isUp(peer)) || undefined, options);
    },
    async waitForSessionDown(peer, options) {
      const what = `${name} to have no session with ${peer}`;
      await wait(what, async () => !(await driver.isUp(peer)) || undefined, options);
    },
    waitForRoute(prefix, { fits = () => true, ...options } = {}) {
      return wait(
        `${name} to have ${prefix}`,
        async () => (await driver.routes()).find((it) => it.prefix === prefix && fits(it)),
        options,
      );
    },
    async waitForNoRoute(prefix, options) {
      await wait(
        `${name} to lose ${prefix}`,
        async () => (await driver.routes()).every((it) => it.prefix !== prefix) || undefined,
        options,
      );
    },
    story: (prefix) =>
      driver
        .changes()
        .filter((it) => it.prefix === prefix)
        .map(({ kind }) => kind),
  };
}

/** RFC 4271 section 5.1.1, by its number on the wire. */
export const ORIGINS = ["igp", "egp", "incomplete"] as const;

/** @throws {Error} When the router calls it something else. */
export function originOf(text: string): UpstreamRoute["origin"] {
  const origin = ORIGINS.find((it) => it === text.toLowerCase());
  if (origin === undefined) throw new Error(`Cannot read origin "${text}"`);
  return origin;
}
