/** Where ExaBGP, or the wire, is not as it was told. */
import type { Route } from "exabgp-ts-bridge";
import { familyOf, isSame, type HeldRoute, type RibView } from "./rib.ts";
import type { RouteState } from "./routes.ts";

/**
 * - `missing`: told to announce it, ExaBGP does not hold it, for nobody or not for a neighbor that is meant.
 * - `differs`: it holds it with other attributes.
 * - `surplus`: told to withdraw it, or not meant for that neighbor, and ExaBGP holds it.
 * - `unsent`: held, the session is up, and the last UPDATE to the neighbor was a withdrawal.
 * - `stale`: not held, the session is up, and the last UPDATE to the neighbor was an announcement.
 */
export type DriftKind = "missing" | "differs" | "surplus" | "unsent" | "stale";

export interface Finding {
  readonly kind: DriftKind;
  /** Sorted; empty: no neighbor at all has it. */
  readonly neighbors: readonly string[];
}

/** What is known of one prefix that was not as told, for a while also once it is. */
export interface Drift {
  /** In the order in which they are mended; empty: it is as told again. */
  readonly findings: readonly Finding[];
  /** Since when there are findings, milliseconds on the monotonic clock. */
  readonly sinceMs: number;
  /** When there last were. */
  readonly seenMs: number;
  /** Repairs since it was last well for long. */
  readonly repairs: number;
  /** When the last of them was decided. */
  readonly repairedMs: number;
  /** What it was to mend, as long as nothing shows that it has. */
  readonly repairing: DriftKind | undefined;
}

/** The last UPDATE for a prefix to a neighbor, as ExaBGP echoes it. */
export interface EchoedUpdate {
  readonly neighbor: string;
  readonly action: "announce" | "withdraw";
  /** When it was heard, milliseconds on the monotonic clock. */
  readonly atMs: number;
}

/** What is known of the wire when a listing is judged. */
export interface Wire {
  /** By canonical prefix. */
  readonly sent: ReadonlyMap<string, readonly EchoedUpdate[]>;
  /** When anything was last sent to each neighbor, milliseconds on the monotonic clock. */
  readonly sentAtMs: ReadonlyMap<string, number>;
  /** Neighbors whose session is established. */
  readonly up: ReadonlySet<string>;
  /** Those of them whose session this life of the agent has heard come up. */
  readonly cameUp?: ReadonlySet<string>;
}

/**
 * ExaBGP sends 25 routes a turn of its loop: so long after the answer, and so long after anything was sent to the
 * neighbor, the UPDATE is not on its way any more.
 */
const ECHO_SETTLES_MS = 5000;
const ECHO_QUIET_MS = 2000;

/** A neighbor that is sent something all the time is not waited for. */
const ECHO_LATE_MS = 30_000;

/** Whether a listing says anything about a prefix: not when a command is on its way, or was answered since. */
export function isJudged({ answer, answeredAtMs }: RouteState, askedMs: number): boolean {
  return answer === "done" && answeredAtMs !== undefined && answeredAtMs <= askedMs;
}

/** Of a prefix that was told to be announced and is wanted so. */
export function findAnnounced(
  route: RouteState,
  wanted: Route,
  view: RibView,
  wire: Wire,
): readonly Finding[] {
  const held = view.held.get(wanted.prefix) ?? NONE;
  const sent = wire.sent.get(wanted.prefix);
  const carriers = view.carriers[familyOf(wanted.prefix)];
  if (isAllWell(held, carriers.size, wanted, view) && !isWithdrawn(sent)) return NOTHING;
  const isMeant = (neighbor: string) => wanted.neighbors?.includes(neighbor) ?? true;
  const meant = held.filter(({ neighbor }) => isMeant(neighbor));
  const has = new Set(meant.map(neighborOf));
  const lacking = [...carriers.keys()].filter((one) => isMeant(one) && !has.has(one));
  const isNowhere = meant.length === 0;
  const different = view.tellsAttributes ? meant.filter((one) => !isSame(one, wanted)) : [];
  const contrary = contraryEchoes(route, wanted.prefix, "withdraw", view, wire);
  return [
    ...(isNowhere ? [{ kind: "missing" as const, neighbors: lacking.toSorted() }] : []),
    ...(isNowhere ? [] : some("missing", lacking)),
    ...some("differs", different.map(neighborOf)),
    ...some(
      "surplus",
      held.map(neighborOf).filter((neighbor) => !isMeant(neighbor)),
    ),
    ...some(
      "unsent",
      contrary.filter((neighbor) => has.has(neighbor)),
    ),
  ];
}

/** Of a prefix that was told to be withdrawn. */
export function findWithdrawn(
  route: RouteState,
  prefix: string,
  view: RibView,
  wire: Wire,
): readonly Finding[] {
  const held = view.held.get(prefix);
  if (held !== undefined) return some("surplus", held.map(neighborOf));
  if (!wire.sent.has(prefix)) return NOTHING;
  return some("stale", contraryEchoes(route, prefix, "announce", view, wire));
}

/** `missing at 198.51.100.1`. */
export function findingText({ kind, neighbors }: Finding): string {
  if (neighbors.length === 0) return kind;
  const shown = neighbors.slice(0, NEIGHBORS_SHOWN).join(", ");
  const more = neighbors.length - NEIGHBORS_SHOWN;
  return `${kind} at ${shown}${more > 0 ? ` and ${more} more` : ""}`;
}

const NEIGHBORS_SHOWN = 3;
const NONE: readonly HeldRoute[] = [];
const NOTHING: readonly Finding[] = [];

/** The quick way for nearly all of ten thousand prefixes: everybody who carries the family has it. */
function isAllWell(
  held: readonly HeldRoute[],
  carriers: number,
  wanted: Route,
  { tellsAttributes }: RibView,
): boolean {
  const isFew = held.length === 0 || held.length !== carriers || wanted.neighbors !== undefined;
  return !isFew && (!tellsAttributes || held.every((one) => isSame(one, wanted)));
}

function isWithdrawn(sent: readonly EchoedUpdate[] | undefined): boolean {
  return sent?.some(({ action }) => action === "withdraw") === true;
}

function contraryEchoes(
  { answeredAtMs = 0 }: RouteState,
  prefix: string,
  contrary: EchoedUpdate["action"],
  { askedMs }: RibView,
  { sent, sentAtMs, up }: Wire,
): string[] {
  return (sent.get(prefix) ?? [])
    .filter(({ neighbor, action, atMs }) => {
      if (action !== contrary || !up.has(neighbor)) return false;
      const settledMs = askedMs - Math.max(answeredAtMs, atMs);
      const quietMs = askedMs - (sentAtMs.get(neighbor) ?? 0);
      return settledMs > ECHO_LATE_MS || (settledMs > ECHO_SETTLES_MS && quietMs > ECHO_QUIET_MS);
    })
    .map(neighborOf);
}

function some(kind: DriftKind, neighbors: readonly string[]): Finding[] {
  return neighbors.length === 0 ? [] : [{ kind, neighbors: [...new Set(neighbors)].toSorted() }];
}

function neighborOf({ neighbor }: { readonly neighbor: string }): string {
  return neighbor;
}
