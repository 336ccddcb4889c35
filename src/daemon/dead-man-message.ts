/** What the main thread tells the dead-man's switch. */

export interface DeadManMessage {
  /**
   * - `written`: a line, before it is written: an announcement.
   * - `held`: lines that would withdraw what ExaBGP may hold, one below the other.
   * - `gone`: prefixes that ExaBGP has been seen to hold no more.
   * - `plan`: all prefixes, one below the other: `withdraw` or `keep`, the prefix, its services with commas.
   * - `dialect`: of ExaBGP: `4`, `5` or `6`.
   * - `barrier`: a question that ExaBGP answers only when it has taken what was written before.
   */
  readonly kind: "written" | "held" | "gone" | "plan" | "dialect" | "barrier";
  readonly text: string;
}

/** What the worker is started with. */
export interface DeadManStart {
  readonly buffer: SharedArrayBuffer;
  /** Where it leaves word of what it did. */
  readonly path: string;
  /** The kernel's id of this boot: another boot's word means nothing. */
  readonly boot: string;
}

/** What it leaves for the next life, as JSON. */
export interface DeadManWord {
  readonly boot: string;
  /** RFC 3339. */
  readonly at: string;
  /** CLOCK_MONOTONIC, milliseconds: that of one boot goes on from life to life. */
  readonly monotonicMs: number;
  /** How long the loop had given no sign. */
  readonly silentMs: number;
  /** `done`: ExaBGP has taken all that was written; `timeout`: nobody knows. */
  readonly ack: "done" | "timeout";
  readonly services: readonly DeadManService[];
}

export interface DeadManService {
  readonly service: string;
  /** What was withdrawn. */
  readonly prefixes: readonly string[];
  readonly commands: readonly string[];
  /** How many prefixes more there were, for which the pipe had no room. */
  readonly missed: number;
}
