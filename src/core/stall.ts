/** After the agent stood still, or the whole host did, it takes a fresh round of failures to go down. */
import type { AgentState, CheckState, ServiceState, Step } from "./state.ts";

/**
 * Forgets what a stall has made doubtful. Verdicts stay, and so does whatever is announced.
 *
 * - Attempts that began before do not count: who knows what they missed.
 * - Failures in a row are counted from 0: a host that was about to stand still makes healthy services look slow.
 *   Only once until the next pass, or a host that stalls again and again would never let a dead service go: what is
 *   added to its detection is at most one round of `fall` failures, however many stalls there are.
 * - A service that is to prove itself begins anew: while nobody looked, it has not.
 */
export function stepStall(state: AgentState, nowMs: number): Step {
  return {
    state: {
      ...state,
      checks: state.checks.map((check) => doubt(check, nowMs)),
      services: state.services.map((service) => delay(service, nowMs)),
    },
    actions: [],
  };
}

function doubt(check: CheckState, nowMs: number): CheckState {
  const { health, isExcused } = check;
  const isFailing = health.against > 0 && health.towards === "down";
  if (!isFailing || isExcused) return { ...check, countsFromMs: nowMs };
  return { ...check, countsFromMs: nowMs, health: { ...health, against: 0 }, isExcused: true };
}

/** A service that is announced has nothing to prove, nor has one that was met when an earlier life ended. */
function delay(service: ServiceState, nowMs: number): ServiceState {
  const isWaiting = service.state === "rising" || service.state === "held";
  return isWaiting && service.metSinceMs !== undefined
    ? { ...service, metSinceMs: nowMs }
    : service;
}
