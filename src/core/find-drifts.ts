/** Holds every prefix of ours against a listing. */
import type { Route } from "exabgp-ts-bridge";
import {
  findAnnounced,
  findWithdrawn,
  isJudged,
  type Drift,
  type Finding,
  type Wire,
} from "./drift.ts";
import { isFit } from "./fit.ts";
import { wantedOf } from "./reconcile.ts";
import type { RibView } from "./rib.ts";
import type { RouteState } from "./routes.ts";
import type { AgentState } from "./state.ts";

/** Somebody who changes our routes again and again is known as long as this; then repairs are counted anew. */
const REMEMBERED_MS = 300_000;

/** @returns What was not as told, prefixes about which the listing says nothing included. */
export function findDrifts(
  state: AgentState,
  view: RibView,
  wire: Wire,
  nowMs: number,
): ReadonlyMap<string, Drift> {
  const drifts = new Map<string, Drift>();
  for (const [prefix, route] of state.routes) {
    const before = state.drifts.get(prefix);
    if (!isJudged(route, view.askedMs)) {
      if (before !== undefined) drifts.set(prefix, before);
      continue;
    }
    const findings = findingsOf(state, prefix, route, view, wire);
    const drift = after(before, findings, nowMs);
    if (drift !== undefined) drifts.set(prefix, drift);
  }
  return drifts;
}

function findingsOf(
  state: AgentState,
  prefix: string,
  route: RouteState,
  view: RibView,
  wire: Wire,
): readonly Finding[] {
  if (route.told === "withdrawn") return findWithdrawn(route, prefix, view, wire);
  const told = route.owned?.route;
  if (told === undefined) return [];
  const findings = findAnnounced(route, told, view, wire);
  if (findings.length === 0) return findings;
  const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
  // What nobody has decided about is left alone, however it is.
  if (wantedOf(state, planned, route).disposition === "announce") return findings;
  return findings.filter((one) => isUnfitSurplus(one, told));
}

/** Held where it ends the session is no question of what anybody wants. */
function isUnfitSurplus({ kind, neighbors }: Finding, told: Route): boolean {
  return kind === "surplus" && neighbors.every((neighbor) => !isFit(neighbor, told));
}

function after(
  before: Drift | undefined,
  findings: readonly Finding[],
  nowMs: number,
): Drift | undefined {
  if (findings.length > 0) {
    const isNew = before === undefined || before.findings.length === 0;
    const known = before ?? { repairs: 0, repairedMs: 0, repairing: undefined };
    return { ...known, findings, sinceMs: isNew ? nowMs : before.sinceMs, seenMs: nowMs };
  }
  if (before === undefined || nowMs - before.seenMs > REMEMBERED_MS) return undefined;
  return { ...before, findings, repairing: undefined };
}
