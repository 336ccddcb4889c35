/** Decides about services and gives every command to the decision that it belongs to. */
import { decide, type Circumstances } from "./decide.ts";
import { heldInsteadOf, serviceHoldEndMs } from "./holds.ts";
import type { Drain, Transition } from "./inputs.ts";
import { coveringDrains, pinOf, reasonOf, stageEndMs } from "./orders.ts";
import { reconcileRoutes } from "./reconcile.ts";
import { balance, requirement, type Judged } from "./requirement.ts";
import { metSince, risesAtMs } from "./rising.ts";
import { isAnnounced, type Command } from "./routes.ts";
import type { AgentState, ServiceState, Step } from "./state.ts";
import { wishOf } from "./wishes.ts";

/** Why a step was taken, for the records of its decisions. */
export type Cause = Pick<
  Transition,
  "actor" | "note" | "until" | "check" | "evidence" | "detectMs"
>;

/** A decision that nobody asked for and no single result brought about. */
export const BY_AGENT: Cause = {
  actor: "agent",
  note: "",
  until: undefined,
  check: "",
  evidence: undefined,
  detectMs: undefined,
};

/** The cause of a decision about a service that is drained: the operator's word. */
export function drainCause(drains: readonly Drain[], service: string): Cause | undefined {
  const [drain] = coveringDrains(drains, service);
  if (drain === undefined) return undefined;
  return { ...BY_AGENT, actor: drain.by, note: drain.reason, until: drain.until };
}

export interface Settling {
  readonly causeOf: (service: string) => Cause;
  /** Places of the services to decide about; default: all. */
  readonly affected?: readonly number[];
  /** Decisions that were made already, numbered from the next one on. */
  readonly decided?: readonly Transition[];
  /** Services whose orders have changed: a decision even without a change of state, for this reason. */
  readonly reordered?: ReadonlyMap<string, Transition["reason"]>;
  /** Whether a command without a change of state is a decision too: a reload changed attributes. */
  readonly reconfigured?: boolean;
}

/** Decides anew, brings the routes in line, and says which decision caused which command. */
export function settle(state: AgentState, nowMs: number, settling: Settling): Step {
  const { causeOf, affected, decided = [], reordered, reconfigured = false } = settling;
  const services = [...state.services];
  const transitions: Transition[] = [...decided];
  for (const at of affected ?? services.keys()) {
    const planned = state.index.plan.services[at];
    const before = services[at];
    if (planned === undefined || before === undefined) continue;
    const { metSinceMs, ...circumstances } = circumstancesOf(state, at, nowMs);
    const decision = decide(circumstances);
    const isSame = decision.state === before.state;
    const news = reordered?.get(planned.name);
    if (isSame) {
      services[at] = { ...before, reason: decision.reason, metSinceMs };
      if (news === undefined) continue;
    } else {
      const { disposition } = wishOf(decision.state, planned.when);
      const held = disposition === "leave" ? before.held : disposition;
      services[at] = { ...before, ...decision, held, sinceMs: nowMs, metSinceMs };
    }
    transitions.push({
      type: "transition",
      decision: state.decisions + transitions.length + 1,
      service: planned.name,
      from: before.state,
      to: decision.state,
      reason: (isSame ? news : undefined) ?? decision.reason,
      prefixes: planned.routes.map(({ prefix }) => prefix),
      ...causeOf(planned.name),
      ...(decision.state === "held" && { heldUntilMs: serviceHoldEndMs(state, at) }),
    });
  }
  const routed = reconcileRoutes({ ...state, services }, affected, nowMs);
  if (reconfigured) {
    // A withdrawal that is only repeated was decided before.
    const fresh = routed.commands.filter(
      ({ type, route }) =>
        type === "announce" || state.routes.get(route.prefix)?.told !== "withdrawn",
    );
    transitions.push(...reconfigurations(routed.state, fresh, transitions, causeOf));
  }
  const decisionOf = new Map(
    transitions.toReversed().flatMap((t) => t.prefixes.map((prefix) => [prefix, t.decision])),
  );
  const commands = routed.commands.map((command) => ({
    ...command,
    decision: decisionOf.get(command.route.prefix),
  }));
  return {
    state: { ...routed.state, decisions: state.decisions + transitions.length },
    actions: [...transitions, ...commands],
  };
}

/** All that the decision about the service at `at` depends on now, and since when its requirement is met by that. */
export function circumstancesOf(
  state: AgentState,
  at: number,
  nowMs: number,
): Circumstances & Pick<ServiceState, "metSinceMs"> {
  const planned = state.index.plan.services[at];
  const before = state.services[at] ?? { state: "starting", metSinceMs: undefined };
  const judged = judgedOf(state, at);
  const wasMet = before.metSinceMs !== undefined;
  const met = requirement(balance(planned?.require ?? "all", judged, wasMet));
  const metSinceMs = metSince(before, met, nowMs);
  const [drain] = coveringDrains(state.drains, planned?.name ?? "");
  const isStaged = nowMs < (stageEndMs(state, at) ?? nowMs) && isStageable(state, at);
  return {
    stopping: state.stopping,
    drain:
      drain !== undefined
        ? { reason: reasonOf(drain), isStaged }
        : state.areDrainsComplete
          ? "none"
          : "unreadable",
    isRibAwaited: state.awaitsRib,
    isPinned: pinOf(state.pins, planned?.name ?? "") !== undefined,
    met,
    metSinceMs,
    isRising: nowMs < (risesAtMs(before.state, metSinceMs, planned?.minUpTimeMs ?? 0) ?? nowMs),
    verdicts: judged.map(({ verdict }) => verdict),
    heldInsteadOf: heldInsteadOf(state, at, nowMs),
  };
}

/** The checks of the service at `at`. */
export function judgedOf(state: AgentState, at: number): Judged[] {
  return (state.index.checksOf[at] ?? []).map((place) => {
    const { weight = 1, advisory = false } = state.index.checks[place]?.check ?? {};
    return { weight, advisory, verdict: state.checks[place]?.health.verdict ?? "unknown" };
  });
}

/** Whether there is something to take leave from: after a boot, or of a service that is down, there is nothing. */
function isStageable(state: AgentState, at: number): boolean {
  if (state.index.plan.services[at]?.when.draining === undefined) return false;
  const held = state.services[at]?.held;
  if (held === "withdraw") return false;
  return (state.index.prefixesOf[at] ?? []).some((place) => {
    const route = state.routes.get(state.index.prefixes[place]?.prefix ?? "");
    if (route === undefined || !isAnnounced(route)) return false;
    // Without a decision of its own, only what an earlier life announced: not what another service did.
    return held === "announce" || route.told === "unknown" || route.isAdopted;
  });
}

/** One decision per service that changed no state but what it announces. */
function reconfigurations(
  state: AgentState,
  commands: readonly Command[],
  transitions: readonly Transition[],
  causeOf: (service: string) => Cause,
): Transition[] {
  const decided = new Set(transitions.flatMap(({ prefixes }) => prefixes));
  const prefixesOf = new Map<number, string[]>();
  for (const { route } of commands) {
    const planned = state.index.prefixes[state.index.prefixAt.get(route.prefix) ?? -1];
    const service = planned?.services[0];
    if (service === undefined || decided.has(route.prefix)) continue;
    const group = prefixesOf.get(service);
    if (group === undefined) prefixesOf.set(service, [route.prefix]);
    else group.push(route.prefix);
  }
  return [...prefixesOf].map(([at, prefixes], nth) => {
    const name = state.index.plan.services[at]?.name ?? "";
    const current = state.services[at]?.state ?? "starting";
    return {
      type: "transition",
      decision: state.decisions + transitions.length + nth + 1,
      service: name,
      from: current,
      to: current,
      reason: "reconfigured",
      prefixes,
      ...causeOf(name),
    };
  });
}
