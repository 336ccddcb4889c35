/** BGP sessions, written down: a neighbor that cannot be reached is tried every few seconds, and said once. */
import type { SessionEvent } from "exabgp-ts-bridge";
import type { Occurrence } from "./audit.ts";
import type { Log } from "./log.ts";

type SessionState = SessionEvent["state"];

/** `before` is undefined for a neighbor that is heard of for the first time. */
type Changed = (event: SessionEvent, before: SessionState | undefined) => void;

/** The bridge's word for what a listing shows. */
const LISTED = "listed";

export class SessionLog {
  readonly #log: Log;
  readonly #changed: Changed;
  readonly #last = new Map<string, SessionState>();

  /** @param changed A session is up, or is not any more. */
  constructor(log: Log, changed: Changed = () => {}) {
    this.#log = log;
    this.#changed = changed;
  }

  heard(event: SessionEvent): void {
    const { neighbor, state, reason } = event;
    const fields = { neighbor, state, reason };
    // A TCP connection alone carries no routes.
    const before = this.#last.get(neighbor);
    if (state === "connected" || before === state) {
      this.#log.debug(fields, "session event");
      return;
    }
    this.#last.set(neighbor, state);
    this.#log[state === "up" ? "info" : "warn"](fields, "session changed");
    this.#changed(event, before);
  }
}

/**
 * @param suspicion What a session may have been lost by that ExaBGP does not know of itself.
 * @returns undefined for what a new agent finds: that is how it was already.
 */
export function sessionRecord(
  { neighbor, state, reason }: SessionEvent,
  before: SessionState | undefined,
  suspicion?: string,
): Occurrence | undefined {
  if (before === undefined && reason === LISTED) return undefined;
  return {
    reason: `session-${state}`,
    actor: "agent",
    neighbor,
    ...(before !== undefined && { from: before }),
    to: state,
    ...(reason !== "" && { evidence: reason }),
    ...(state === "down" && suspicion !== undefined && { note: suspicion }),
  };
}
