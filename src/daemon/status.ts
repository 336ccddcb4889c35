/** Everything that `anyctl status` shows, from where it is known. */
import type { Bridge } from "exabgp-ts-bridge";
import type { ConfigStatus, Healthz, Status } from "../control/protocol.ts";
import { servicesStatus, type Moment } from "../core/status.ts";
import type { AgentState } from "../core/state.ts";
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
  readonly problems: Problems;
}

export function statusOf(sources: StatusSources): Status {
  const { moment, version, since, pop, config, state, bridge, problems } = sources;
  const { phase, identity, acks, queued, inFlight, sessions } = bridge.status();
  return {
    pop,
    agent: { version, pid: process.pid, since },
    config,
    exabgp: {
      ...(identity && { version: identity.version, dialect: identity.dialect }),
      phase,
      acks,
      queued,
      inFlight,
    },
    services: state === undefined ? [] : servicesStatus(state, moment),
    sessions: [...sessions.values()].map((session) => ({
      neighbor: session.neighbor,
      state: session.state,
      reason: session.reason,
    })),
    drains: state?.drains ?? [],
    problems: problems.list(),
  };
}

/** Healthy: it has a configuration, has read the drains, and ExaBGP answers. */
export function healthOf(status: Status): Healthz {
  const problems = [
    status.config.origin === "none" && "no usable configuration",
    status.problems.find(({ word }) => word === "drain-folder")?.detail,
    status.exabgp.phase !== "ready" && "ExaBGP has not answered yet",
  ].filter((problem) => typeof problem === "string");
  return { ok: problems.length === 0, detail: problems.join("; ") };
}
