/** What a line of ExaBGP says. */

/** State of one BGP session as ExaBGP reports it. */
export type SessionState = "up" | "down" | "connected";

/** A change of a session. */
export interface SessionEvent {
  /** Address of the neighbor. */
  readonly neighbor: string;
  readonly state: SessionState;
  /** ExaBGP's words for a `down`; a peer may control them. Empty when there are none. */
  readonly reason: string;
}

/** A prefix that was announced, as far as the event tells. */
export interface AnnouncedPrefix {
  readonly prefix: string;
  readonly nextHop: string;
}

/** A BGP UPDATE: the echo of a sent one, or a received one. */
export interface UpdateEvent {
  readonly neighbor: string;
  readonly direction: "send" | "receive" | "unknown";
  readonly announced: readonly AnnouncedPrefix[];
  readonly withdrawn: readonly string[];
  /** Attributes as ExaBGP wrote them; untrusted. */
  readonly attributes: Readonly<Record<string, unknown>>;
}
