/** Everything that `anyctl status` shows, from where it is known. */
import type { Bridge } from "exabgp-ts-bridge";
import type { ConfigStatus, DrainStatus, Healthz, PinStatus, Status } from "../control/protocol.ts";
import type { Drain, Pin } from "../core/inputs.ts";
import { servicesStatus, type IsListening, type Moment } from "../core/status.ts";
import type { AgentState } from "../core/state.ts";
import type { Echo } from "./echo.ts";
import type { Problems } from "./problems.ts";

export interface StatusSources {
  readonly moment: Moment;
  readonly version: string;
  /** RFC 3339. */
  readonly since: string;
  readonly pop: string;
  readonly config: ConfigStatus;
  /** undefined until the drains have been read for the first time. */
  readonly state: AgentState | undefined;
  readonly bridge: Pick<Bridge, "status">;
  readonly echo: Pick<Echo, "state" | "byPrefix">;
  readonly problems: Problems;
  readonly isListening?: IsListening;
}

export function statusOf(sources: StatusSources): Status {
  const { state, moment, echo, isListening, bridge } = sources;
  const services =
    state === undefined
      ? []
      : servicesStatus(state, moment, echo.byPrefix(), isListening, bridge.status().sessions);
  return { ...headOf(sources), services };
}

/** All but the services, which are most of it; their place is kept. */
export function headOf(sources: StatusSources): Status & { readonly services: readonly [] } {
  const { version, since, pop, config, state, bridge, echo, problems } = sources;
  const { phase, identity, acks, queued, inFlight, sessions } = bridge.status();
  return {
    pop,
    agent: { version, pid: process.pid, since },
    config,
    exabgp: {
      ...(identity && { version: identity.version, dialect: identity.dialect }),
      phase,
      acks,
      echo: echo.state,
      queued,
      inFlight,
    },
    services: [],
    sessions: [...sessions.values()].map((session) => ({
      neighbor: session.neighbor,
      state: session.state,
      reason: session.reason,
    })),
    drains: (state?.drains ?? []).map(drainStatus),
    pins: (state?.pins ?? []).map(pinStatus),
    problems: problems.list(),
  };
}

function drainStatus(drain: Drain): DrainStatus {
  const { service, kind, reason, by, since, until, problem, gracefulMs, transient } = drain;
  return { service, kind, reason, by, since, until, problem, gracefulMs, transient };
}

function pinStatus({ service, reason, by, since, until }: Pin): PinStatus {
  return { service, reason, by, since, until };
}

/**
 * Healthy: it has a configuration, has read the drains, ExaBGP answers, and no service is announced to nobody. What is
 * amiss and lets the PoP serve all the same is named only.
 */
export function healthOf(status: Omit<Status, "services">): Healthz {
  const problems = [
    status.config.origin === "none" && "no usable configuration",
    status.problems.find(({ word }) => word === "crash-loop")?.detail,
    status.problems.find(({ word }) => word === "drain-folder")?.detail,
    status.exabgp.phase !== "ready" && "ExaBGP has not answered yet",
    status.problems.find(({ word }) => word === "all-sessions-down")?.detail,
  ].filter((problem) => typeof problem === "string");
  const words = status.problems.map(({ word }) => word);
  const ok = problems.length === 0;
  return { ok, detail: problems.join("; "), ...(words.length > 0 && { problems: words }) };
}
