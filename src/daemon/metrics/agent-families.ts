/** Metrics of the agent itself, its configuration and its ExaBGP. */
import type { BridgeStatus } from "exabgp-ts-bridge";
import type { ConfigStatus, ProblemStatus } from "../../control/protocol.ts";
import type { AgentState } from "../../core/state.ts";
import type { SentUpdate } from "../../core/status.ts";
import type { Reconciled } from "../reconciler.ts";
import type { Stalls } from "../self-watch.ts";
import type { WatchdogCounts, Withheld } from "../watchdog.ts";
import { type Family } from "./exposition.ts";
import { counter, counters, gauge, gauges } from "./family.ts";
import type { Meter } from "./meter.ts";

const WITHHELD: readonly Withheld[] = ["exabgp-silent", "probes-stopped", "idle-too-long"];

export interface AgentFacts {
  readonly version: string;
  readonly bridge: BridgeStatus;
  readonly config: ConfigStatus;
  readonly problems: readonly ProblemStatus[];
  /** The last UPDATE for each prefix to each neighbor, as far as ExaBGP echoes them. */
  readonly sent: ReadonlyMap<string, readonly SentUpdate[]>;
  /** undefined until the drains have been read for the first time. */
  readonly state: AgentState | undefined;
  readonly auditLost: number;
  readonly reconciled: Reconciled;
  readonly stalls: Stalls;
  readonly watchdog?: WatchdogCounts | undefined;
  readonly loopLagSeconds: number;
}

export function* agentFamilies(facts: AgentFacts, meter: Meter): Iterable<Family> {
  const { version, bridge, config, problems, state, sent, reconciled } = facts;
  yield gauges(
    "anyctl_build_info",
    "Always 1.",
    ["version", "node"],
    [[{ version, node: process.versions.node }, 1]],
  );
  yield gauge(
    "anyctl_config_last_reload_successful",
    "Whether the configuration as it was last read is in force.",
    config.current ? 1 : 0,
  );
  yield gauges(
    "anyctl_problem",
    "1 for each problem of the agent that stands; `anyctl status` has the details.",
    ["word"],
    problems.map(({ word }) => [{ word }, 1]),
  );
  yield counter(
    "anyctl_audit_records_lost_total",
    "Audit records that are in the log only, because their file could not be written.",
    facts.auditLost,
  );
  yield gauge(
    "anyctl_event_loop_lag_seconds",
    "How late the agent's event loop was at worst in the last minute.",
    facts.loopLagSeconds,
  );
  yield counter(
    "anyctl_stalls_total",
    "How often the agent stood still for more than a second, or its host was asleep.",
    facts.stalls.count,
  );
  yield counter("anyctl_stalled_seconds_total", "How long it did, together.", facts.stalls.seconds);
  yield counter(
    "anyctl_watchdog_pings_total",
    "Pings for systemd's watchdog; none where systemd does not wait for them.",
    facts.watchdog?.pings ?? 0,
  );
  yield gauges(
    "anyctl_watchdog_withheld",
    "1 for the reason why no ping is sent, because of which systemd will start ExaBGP anew.",
    ["reason"],
    WITHHELD.map((reason) => [{ reason }, facts.watchdog?.withheld === reason ? 1 : 0]),
  );
  yield [meter.lateness];
  yield gauge(
    "anyctl_exabgp_ready",
    "Whether ExaBGP answers this agent.",
    bridge.phase === "ready" ? 1 : 0,
  );
  yield gauges(
    "anyctl_exabgp_info",
    "1 for the version that ExaBGP says it has; absent before it has said so.",
    ["version"],
    bridge.identity === undefined ? [] : [[{ version: bridge.identity.version }, 1]],
  );
  yield [meter.commands];
  yield [meter.acks];
  yield gauges(
    "anyctl_session_up",
    "Whether the BGP session to a neighbor is established; absent for one that nothing was heard of.",
    ["neighbor"],
    [...bridge.sessions.values()].map(({ neighbor, state: session }) => [
      { neighbor },
      session === "up" ? 1 : 0,
    ]),
  );
  yield gauge(
    "anyctl_rib_mismatch",
    "Routes of which ExaBGP has refused the last command or left it unanswered, holds something else, or has sent the contrary to a neighbor.",
    state === undefined ? 0 : mismatches(state, sent),
  );
  yield gauge(
    "anyctl_rib_foreign",
    "Prefixes that ExaBGP holds and that are neither configured nor owned.",
    state?.rib?.foreign.count ?? 0,
  );
  yield counters(
    "anyctl_reconcile_total",
    "Listings of what ExaBGP holds, by how they ended.",
    ["outcome"],
    (["done", "error", "timeout", "unsupported"] as const).map((outcome) => [
      { outcome },
      reconciled.outcomes.get(outcome) ?? 0,
    ]),
  );
  yield gauges(
    "anyctl_reconcile_timestamp_seconds",
    "When the last whole listing was asked for, seconds since 1970; absent before it.",
    [],
    reconciled.doneAtMs === undefined ? [] : [[{}, reconciled.doneAtMs / 1000]],
  );
}

/** What waits for an answer is on its way, and counts once that did not come. */
function mismatches({ routes, drifts }: AgentState, sent: AgentFacts["sent"]): number {
  let count = 0;
  for (const [prefix, { told, answer, owned }] of routes) {
    const isContradicted =
      sent.get(prefix)?.some(({ action, neighbor }) => {
        const isMeant = owned?.route.neighbors?.includes(neighbor) ?? true;
        return action === (told === "announced" && isMeant ? "withdraw" : "announce");
      }) === true;
    const isDrifting = (drifts.get(prefix)?.findings.length ?? 0) > 0;
    if (answer === "failed" || isDrifting || (answer === "done" && isContradicted)) count += 1;
  }
  return count;
}
