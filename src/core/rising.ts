/** Since when a service meets its requirement, and how long it must go on before it is announced. */
import type { State } from "./decide.ts";
import type { Met } from "./requirement.ts";
import { isAnnounced, type RouteState } from "./routes.ts";
import type { AgentState, ServiceState } from "./state.ts";

/** States in which a service is announced as its checks, or a pin, say: it need not come back. */
const SERVING: ReadonlySet<State> = new Set(["up", "degraded", "pinned"]);

/**
 * Since when the requirement is met, after `met` was found out. That nobody can say takes nothing from a service that
 * is announced; one that waits has nothing to lose, and begins anew.
 *
 * @returns Milliseconds on the monotonic clock; undefined: it is not met.
 */
export function metSince(
  { state, metSinceMs }: Pick<ServiceState, "state" | "metSinceMs">,
  met: Met,
  nowMs: number,
): number | undefined {
  if (met === "met") return metSinceMs ?? nowMs;
  return met === "unmet" || state === "rising" || state === "held" ? undefined : metSinceMs;
}

/**
 * Until when a service that meets its requirement waits for its announcement.
 *
 * @param before Its state so far.
 * @returns Milliseconds on the monotonic clock; undefined: it does not wait.
 */
export function risesAtMs(
  before: State,
  metSinceMs: number | undefined,
  minUpTimeMs: number,
): number | undefined {
  if (metSinceMs === undefined || SERVING.has(before)) return undefined;
  return metSinceMs + minUpTimeMs;
}

/** When the service at `at` is announced, if its checks stay as they are; undefined: it is not rising. */
export function riseEndMs(state: AgentState, at: number): number | undefined {
  const service = state.services[at];
  const planned = state.index.plan.services[at];
  if (service?.state !== "rising" || planned === undefined) return undefined;
  return risesAtMs(service.state, service.metSinceMs, planned.minUpTimeMs);
}

/**
 * Since when a service counts as met before it was ever judged: what is announced, by an earlier life of the agent or
 * for a service that had another name, was met then. Between the two limits of a hysteresis it goes on.
 *
 * @param routes Of its prefixes.
 * @param whenDown What it announces while it is not met, in the same order.
 */
export function metBefore(
  routes: readonly (RouteState | undefined)[],
  whenDown: readonly unknown[] | undefined,
  nowMs: number,
): number | undefined {
  const wasMet = routes.some(
    (route, nth) =>
      route !== undefined &&
      isAnnounced(route) &&
      JSON.stringify(route.owned?.route) !== JSON.stringify(whenDown?.[nth]),
  );
  return wasMet ? nowMs : undefined;
}
