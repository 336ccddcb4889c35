/** What the control API says: HTTP over the Unix socket, JSON bodies. */
import type { Drain, Pin } from "../core/inputs.ts";
import type { ServiceStatus } from "../core/status.ts";
import type { LastReload } from "./reload-protocol.ts";

/** `GET /v1/status`. */
export interface Status {
  readonly pop: string;
  readonly agent: {
    readonly version: string;
    readonly pid: number;
    /** RFC 3339. */
    readonly since: string;
  };
  readonly config: ConfigStatus;
  readonly exabgp: ExabgpStatus;
  readonly services: readonly ServiceStatus[];
  /** BGP sessions, as far as ExaBGP tells. */
  readonly sessions: readonly SessionStatus[];
  readonly drains: readonly DrainStatus[];
  readonly pins: readonly PinStatus[];
  /** What is wrong with the agent itself or around it; empty when all is well. */
  readonly problems: readonly ProblemStatus[];
}

/** Without the times on the agent's monotonic clock, which mean nothing to others. */
export type DrainStatus = Omit<Drain, "startedMs" | "endsAtMs">;

/** As `DrainStatus`. */
export type PinStatus = Omit<Pin, "endsAtMs">;

export interface ConfigStatus {
  readonly path: string;
  /** Of the configuration in force; empty when there is none. */
  readonly hash: string;
  /** `last-good`: the file is invalid, or was refused, at the start; `none`: and there was no last good one. */
  readonly origin: "file" | "last-good" | "none";
  /** Whether the file as it was last read is in force. */
  readonly current: boolean;
  /** Why not, one line each. */
  readonly problems: readonly string[];
  /** Absent before the first one. */
  readonly lastReload?: LastReload;
}

export interface ExabgpStatus {
  /** As ExaBGP names itself; absent until it has answered. */
  readonly version?: string;
  readonly dialect?: 4 | 5 | 6;
  readonly phase: "new" | "greeting" | "synchronizing" | "ready" | "closed";
  readonly acks: "on" | "off" | "unknown";
  /** Whether ExaBGP tells of the UPDATEs that it sends: `unknown` until it has, in this life of the agent. */
  readonly echo: "on" | "unknown";
  /** Changes not written yet, and commands without an answer. */
  readonly queued: number;
  readonly inFlight: number;
}

export interface SessionStatus {
  readonly neighbor: string;
  readonly state: "up" | "down" | "connected";
  readonly reason: string;
}

export interface ProblemStatus {
  /** RFC 3339. */
  readonly since: string;
  readonly word: string;
  readonly detail: string;
}

/** `GET /healthz`: 200 while the agent can do its work, else 503. */
export interface Healthz {
  readonly ok: boolean;
  /** Why not. */
  readonly detail: string;
  /** The words of all problems in the status, those that leave it healthy included; absent: there is none. */
  readonly problems?: readonly string[];
}

/** The body of every answer that is not 200. */
export interface ErrorBody {
  readonly error: string;
}
