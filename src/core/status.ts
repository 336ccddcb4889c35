/** The state as operators and tools read it: `anyctl status --json` and `GET /v1/status`. */
import type { Outcome, Reason } from "../../checks/probe.ts";
import type { ServicePlan, Variant } from "../config/plan.ts";
import type { State, StateReason } from "./decide.ts";
import { unfitNeighbors } from "./fit.ts";
import { streak, type Verdict } from "./health.ts";
import { countedWithdrawals, heldUntilMs } from "./holds.ts";
import type { HeardWord } from "./inputs.ts";
import { stageEndMs } from "./orders.ts";
import { balance, type Balance } from "./requirement.ts";
import { riseEndMs } from "./rising.ts";
import { UNTOLD, type RouteState } from "./routes.ts";
import { staleSinceMs } from "./stale.ts";
import { judgedOf } from "./settle.ts";
import { neighborRoutes, type NeighborRoute, type Sessions } from "./status-neighbors.ts";
import type { AgentState, CheckState } from "./state.ts";
import { targetOf, wantedOf } from "./reconcile.ts";

export interface ServiceStatus {
  readonly name: string;
  readonly state: State;
  readonly reason: StateReason;
  /** When the state was entered, RFC 3339. */
  readonly since: string;
  /** While `draining`: when it is withdrawn, RFC 3339. */
  readonly withdrawsAt?: string;
  /** While `held`: when it is judged again, RFC 3339. */
  readonly heldUntil?: string;
  /** How often it was withdrawn lately, as far as its hold counts; absent: not at all, or it has none. */
  readonly withdrawals?: number;
  /** While `rising`: when it is announced, RFC 3339. */
  readonly announcesAt?: string;
  /** What its required checks count, and what of it must be up now. */
  readonly required: Pick<Balance, "up" | "needed" | "total">;
  readonly routes: readonly RouteStatus[];
  readonly checks: readonly CheckStatus[];
}

export interface RouteStatus {
  readonly prefix: string;
  /** What the services that name the prefix want; `leave`: nobody has decided yet. */
  readonly wanted: "announce" | "withdraw" | "leave";
  /** For which state it is to be announced: `draining` and `down` may have other attributes than `up`. */
  readonly variant: "up" | Variant | undefined;
  /** Neighbors that are meant and cannot have it: `next-hop self`, and their session is not of its family. */
  readonly withheld?: readonly string[];
  /** The last command of this agent for it. */
  readonly told: RouteState["told"];
  /** What ExaBGP answered: `done` means accepted, not that a neighbor has it. */
  readonly answer: RouteState["answer"];
  /**
   * The last UPDATE for it to each neighbor, as ExaBGP echoes it; a neighbor whose session is down has none. Empty
   * where no echo is configured, and as long as none was heard in this life of the agent.
   */
  readonly sent: readonly SentUpdate[];
  /** Each that is meant, has it, or was sent it, as far as ExaBGP tells; in the order of their addresses. */
  readonly neighbors: readonly NeighborRoute[];
}

/** What went to one neighbor. */
export interface SentUpdate {
  /** The neighbor's address, canonical. */
  readonly neighbor: string;
  readonly action: "announce" | "withdraw";
  /** When the echo was heard, RFC 3339. */
  readonly at: string;
}

export interface CheckStatus {
  readonly name: string;
  readonly type: string;
  /** Whether it may degrade the service, but never withdraw it. */
  readonly advisory: boolean;
  /** What it counts for where the requirement is a weight. */
  readonly weight: number;
  /** The name of the shared check that it is a use of. */
  readonly use?: string;
  readonly verdict: Verdict;
  /** When the verdict was reached, RFC 3339. */
  readonly since: string;
  /** Since when no result has counted, RFC 3339, where that is too long; absent where it is not. */
  readonly staleSince?: string;
  /** Contrary results in a row, as `1/3`; empty when there is none. */
  readonly streak: string;
  readonly last:
    | {
        readonly outcome: Outcome;
        readonly reason: Reason;
        readonly detail: string;
        readonly at: string;
        readonly elapsedMs: number;
      }
    | undefined;
  /** Whether an event would be heard now; absent where the check is only polled. */
  readonly listening?: boolean;
  /** What was heard last; absent as long as nothing was. */
  readonly event?: {
    readonly word: HeardWord;
    readonly detail: string;
    readonly at: string;
    /** Whether results have shown what it meant; until then the check is probed at `fast-interval`. */
    readonly settled: boolean;
  };
}

/** By `SERVICE/CHECK`: as `listening` of a check's status. */
export type IsListening = (check: string) => boolean | undefined;

/** One moment on both clocks: what turns monotonic times into dates. */
export interface Moment {
  /** Milliseconds on the monotonic clock. */
  readonly nowMs: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Nothing is probed before, on the monotonic clock; absent: checks are probed now. */
  readonly probesFromMs?: number;
}

/** @param sent What is known of UPDATEs, by prefix. */
export function servicesStatus(
  state: AgentState,
  moment: Moment,
  sent: ReadonlyMap<string, readonly SentUpdate[]>,
  isListening?: IsListening,
  sessions?: Sessions,
): ServiceStatus[] {
  return state.index.plan.services.map((planned, at) =>
    serviceStatus(state, planned, at, moment, sent, isListening, sessions),
  );
}

/** @param at The place of `planned` in the plan. */
export function serviceStatus(
  state: AgentState,
  planned: ServicePlan,
  at: number,
  moment: Moment,
  sent: ReadonlyMap<string, readonly SentUpdate[]>,
  isListening: IsListening = () => undefined,
  sessions: Sessions = new Map(),
): ServiceStatus {
  const date = (ms: number) => new Date(moment.wallMs - (moment.nowMs - ms)).toISOString();
  const service = state.services[at];
  const endMs = service?.state === "draining" ? stageEndMs(state, at) : undefined;
  const heldMs = heldUntilMs(state, at, moment.nowMs);
  const withdrawals = countedWithdrawals(state, at, moment.nowMs);
  const riseMs = riseEndMs(state, at);
  const wasMet = service?.metSinceMs !== undefined;
  const { up, needed, total } = balance(planned.require, judgedOf(state, at), wasMet);
  return {
    name: planned.name,
    state: service?.state ?? "starting",
    reason: service?.reason ?? "check-unknown",
    since: date(service?.sinceMs ?? moment.nowMs),
    ...(endMs !== undefined && { withdrawsAt: date(endMs) }),
    ...(heldMs !== undefined && { heldUntil: date(heldMs) }),
    ...(withdrawals > 0 && { withdrawals }),
    ...(riseMs !== undefined && { announcesAt: date(riseMs) }),
    required: { up, needed, total },
    routes: routesStatus(state, planned.routes, sent, sessions),
    checks: (state.index.checksOf[at] ?? []).flatMap((check) => {
      const entry = state.index.checks[check]?.check;
      const known = state.checks[check];
      if (entry === undefined || known === undefined) return [];
      const { health } = known;
      const staleMs = staleSinceMs(known, entry, moment.nowMs);
      const listening = isListening(entry.id);
      return {
        name: entry.name,
        type: entry.spec.type,
        advisory: entry.advisory,
        weight: entry.weight,
        ...(entry.use !== undefined && { use: entry.use }),
        verdict: health.verdict,
        since: date(health.sinceMs),
        ...(staleMs !== undefined && { staleSince: date(staleMs) }),
        streak: streak(health, entry),
        last: lastStatus(known, date),
        ...(listening !== undefined && { listening }),
        ...eventStatus(known, date),
      };
    }),
  };
}

/** Of some routes of a service. */
export function routesStatus(
  state: AgentState,
  routes: ServicePlan["routes"],
  sent: ReadonlyMap<string, readonly SentUpdate[]>,
  sessions: Sessions,
): RouteStatus[] {
  return routes.map(({ prefix }) => routeStatus(state, prefix, sent.get(prefix) ?? [], sessions));
}

function routeStatus(
  state: AgentState,
  prefix: string,
  sent: readonly SentUpdate[],
  sessions: Sessions,
): RouteStatus {
  const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
  const route = state.routes.get(prefix) ?? UNTOLD;
  const wanted = wantedOf(state, planned, route);
  const withheld = planned === undefined ? [] : unfitNeighbors(planned.routes.up, state.neighbors);
  const { isUnfit } = targetOf(state, planned, route);
  const wish = isUnfit ? { disposition: "withdraw" as const } : wanted;
  return {
    prefix,
    wanted: wish.disposition,
    variant: "variant" in wish ? wish.variant : undefined,
    ...(withheld.length > 0 && { withheld: withheld.toSorted() }),
    told: route.told,
    answer: route.answer,
    sent,
    neighbors: neighborRoutes(state, prefix, wish, sent, sessions),
  };
}

function lastStatus({ last }: CheckState, date: (ms: number) => string): CheckStatus["last"] {
  if (last === undefined) return undefined;
  const { result, startedMs, elapsedMs } = last;
  return { ...result, at: date(startedMs + elapsedMs), elapsedMs: Math.round(elapsedMs * 10) / 10 };
}

function eventStatus({ heard, burst }: CheckState, date: (ms: number) => string) {
  if (heard === undefined) return undefined;
  const { word, detail, atMs } = heard;
  return { event: { word, detail, at: date(atMs), settled: burst === undefined } };
}
