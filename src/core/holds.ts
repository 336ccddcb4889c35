/** Holds: which services wait because their prefixes were withdrawn too often, until when, and who ends that. */
import type { State } from "./decide.ts";
import { countFlaps, holdEndMs, type Flaps } from "./damping.ts";
import { ALL_SERVICES, type Undrain } from "./inputs.ts";
import { wantedOf } from "./reconcile.ts";
import { isAnnounced, UNTOLD } from "./routes.ts";
import type { AgentState } from "./state.ts";
import { wishOf } from "./wishes.ts";

/** Whatever the checks may say of a service. */
const JUDGED: readonly State[] = ["starting", "down", "rising", "degraded", "up"];

/**
 * When the service at `at` may be announced anew: when the holds of all its prefixes that are not announced now are
 * over, by its own `hold`. Milliseconds on the monotonic clock; -Infinity: at once.
 */
export function serviceHoldEndMs(state: AgentState, at: number): number {
  const hold = state.index.plan.services[at]?.hold;
  if (hold === undefined || state.flaps.size === 0) return -Infinity;
  const ends = prefixesOf(state, at).map((prefix) => {
    // What is announced all the same (by a pin, or by a service that shares it) has nothing to wait for.
    if (isAnnounced(state.routes.get(prefix) ?? UNTOLD)) return -Infinity;
    return holdEndMs(state.flaps.get(prefix) ?? [], hold);
  });
  return Math.max(-Infinity, ...ends);
}

/**
 * The states in whose place the service at `at` is `held` now: those that would announce it. Once it is held, all that
 * its checks may say, so that one hold is one decision.
 */
export function heldInsteadOf(state: AgentState, at: number, nowMs: number): readonly State[] {
  if (serviceHoldEndMs(state, at) <= nowMs) return [];
  if (state.services[at]?.state === "held") return JUDGED;
  if (prefixesOf(state, at).some((prefix) => wouldLose(state, at, prefix))) return [];
  const when = state.index.plan.services[at]?.when ?? {};
  return JUDGED.filter((one) => one === "rising" || wishOf(one, when).disposition === "announce");
}

/** Whether a hold of the service would withdraw the prefix: it never does. */
function wouldLose(state: AgentState, at: number, prefix: string): boolean {
  const route = state.routes.get(prefix) ?? UNTOLD;
  if (!isAnnounced(route)) return false;
  const planned = state.index.prefixes[state.index.prefixAt.get(prefix) ?? -1];
  const services = state.services.map((service, place) =>
    place === at ? { ...service, state: "held" as const } : service,
  );
  return wantedOf({ ...state, services }, planned, route).disposition === "withdraw";
}

/** Until when the service at `at` is held; undefined: it is not. */
export function heldUntilMs(state: AgentState, at: number, nowMs: number): number | undefined {
  if (state.services[at]?.state !== "held") return undefined;
  // Not even begun if something else has announced its prefixes: the next tick ends it.
  return Math.max(nowMs, serviceHoldEndMs(state, at));
}

/** When the first hold of a service that waits for it is over; undefined: none does. */
export function nextHoldEndMs(state: AgentState): number | undefined {
  let firstMs: number | undefined;
  for (const [at, { state: current }] of state.services.entries()) {
    if (current !== "held") continue;
    firstMs = Math.min(firstMs ?? Infinity, serviceHoldEndMs(state, at));
  }
  return firstMs;
}

/**
 * How often the service at `at` was withdrawn lately, by the prefix for which that is most; 0 where there is no hold,
 * and nothing that one would count.
 */
export function countedWithdrawals(state: AgentState, at: number, nowMs: number): number {
  const hold = state.index.plan.services[at]?.hold;
  if (hold === undefined || state.flaps.size === 0) return 0;
  const counts = prefixesOf(state, at).map((prefix) =>
    countFlaps(state.flaps.get(prefix) ?? [], hold, nowMs),
  );
  return Math.max(0, ...counts);
}

/** When a prefix of the service at `at` was last withdrawn; undefined: long ago, if ever. */
export function lastWithdrawalMs(state: AgentState, at: number): number | undefined {
  const last = prefixesOf(state, at).flatMap(
    (prefix) => state.flaps.get(prefix)?.at(-1)?.withdrawnMs ?? [],
  );
  return last.length === 0 ? undefined : Math.max(...last);
}

/** How long the service at `at` would wait if all its prefixes were withdrawn now; 0: not at all. */
export function costOfWithdrawalMs(state: AgentState, at: number, nowMs: number): number {
  const hold = state.index.plan.services[at]?.hold;
  if (hold === undefined) return 0;
  const now = { withdrawnMs: nowMs, returnedMs: undefined };
  const ends = prefixesOf(state, at).map((prefix) =>
    holdEndMs([...(state.flaps.get(prefix) ?? []), now], hold),
  );
  return Math.max(nowMs, ...ends) - nowMs;
}

/** Who has told to forget the withdrawals of a prefix, by prefix; only of those that had any. */
export function clearedBy(
  state: AgentState,
  undrains: readonly Undrain[],
): ReadonlyMap<string, Undrain> {
  const cleared = new Map<string, Undrain>();
  for (const undrain of undrains) {
    if (undrain.clearsHold !== true) continue;
    for (const [at, { name }] of state.index.plan.services.entries()) {
      if (undrain.service !== ALL_SERVICES && undrain.service !== name) continue;
      for (const prefix of prefixesOf(state, at)) {
        if (state.flaps.has(prefix)) cleared.set(prefix, undrain);
      }
    }
  }
  return cleared;
}

/** The history without the prefixes that were cleared. */
export function forget(history: Flaps, cleared: ReadonlyMap<string, unknown>): Flaps {
  if (cleared.size === 0) return history;
  return new Map([...history].filter(([prefix]) => !cleared.has(prefix)));
}

/** The services that it is about, by name: those that share a prefix too. */
export function clearersOf(
  state: AgentState,
  cleared: ReadonlyMap<string, Undrain>,
): ReadonlyMap<string, Undrain> {
  if (cleared.size === 0) return new Map();
  return new Map(
    state.index.plan.services.flatMap(({ name }, at) => {
      const clearer = prefixesOf(state, at).flatMap((prefix) => cleared.get(prefix) ?? [])[0];
      return clearer === undefined ? [] : [[name, clearer] as const];
    }),
  );
}

function prefixesOf({ index }: Pick<AgentState, "index">, at: number): readonly string[] {
  return index.plan.services[at]?.routes.map(({ prefix }) => prefix) ?? [];
}
