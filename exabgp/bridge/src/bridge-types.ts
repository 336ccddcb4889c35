/** What the owner of a bridge gives and gets. */
import type { Readable } from "node:stream";
import type { SessionEvent, UpdateEvent } from "./decode.ts";
import type { Dialect, Identity } from "./dialect.ts";
import type { Timers } from "./timers.ts";

export interface BridgeOptions {
  /** ExaBGP's answers and events: normally `process.stdin`. Read from `start()` on, whatever happens. */
  readonly input: Readable;
  /** Writes one line, given without its newline: normally `LineWriter.write`. */
  readonly output: (line: string) => void;
  readonly timers: Timers;
  /** 1 to 64 lower-case hexadecimal digits and dashes (a UUID), new for each process. */
  readonly nonce: string;
  /** `auto` asks. A number is used whatever ExaBGP says, and even if it says nothing. */
  readonly dialect: "auto" | Dialect;
  /** How long an answer may take. Default 5000. */
  readonly ackTimeoutMs?: number;
}

export interface BridgeHandlers {
  /** ExaBGP is known and its answers can be paired: announcements are written from now on. Called once. */
  ready(identity: Identity): void;
  /** A session changed, or a listing told of it (`reason` is `listed` or `not listed`). */
  session(event: SessionEvent): void;
  /** An UPDATE was sent (the echo that `api { send { parsed; update; } }` gives) or received. */
  update(event: UpdateEvent): void;
  /** ExaBGP is gone: every command is settled. Called once. */
  inputEnd(): void;
  problem(problem: Problem): void;
}

/** Something that the owner should know. At most one of each word per `ackTimeoutMs`. */
export interface Problem {
  readonly word: ProblemWord;
  /** Evidence in printable ASCII. */
  readonly detail: string;
}

/**
 * - `no-answer`: a question had no answer in time; it is asked again while there is room in the pipe.
 * - `answer-timeout`: commands had no answer in time; the pairing starts anew.
 * - `acks-off`: ExaBGP gives data but no `done`: commands end as `unconfirmed`.
 * - `stale-answer`: an answer that belongs to no command of this process.
 * - `dialect-differs`: a forced dialect is not the one that ExaBGP described itself with.
 * - `line-dropped`: a line was longer than any that ExaBGP writes.
 * - `malformed-line`: an event that cannot be read.
 * - `listing-unusable`: a listing of routes cannot be read, or is too long.
 * - `input-failed`, `output-failed`: reading or writing threw.
 * - `exabgp-stops`: ExaBGP said that it shuts down.
 */
export type ProblemWord =
  | "no-answer"
  | "answer-timeout"
  | "acks-off"
  | "stale-answer"
  | "dialect-differs"
  | "line-dropped"
  | "malformed-line"
  | "listing-unusable"
  | "input-failed"
  | "output-failed"
  | "exabgp-stops";

/**
 * - `greeting`: ExaBGP has not said what it is; nothing is written but the question.
 * - `synchronizing`: the order of answers is not known; only withdrawals are written.
 */
export type Phase = "new" | "greeting" | "synchronizing" | "ready" | "closed";

export interface BridgeStatus {
  readonly phase: Phase;
  readonly identity: Identity | undefined;
  readonly acks: "unknown" | "on" | "off";
  /** Changes not written yet. */
  readonly queued: number;
  /** Changes written and neither answered nor given up. */
  readonly inFlight: number;
  /** Bytes written of which nothing shows that ExaBGP has read them. */
  readonly unreadBytes: number;
  /** By neighbor's address, as last heard. */
  readonly sessions: ReadonlyMap<string, SessionEvent>;
  /** When ExaBGP last wrote anything; undefined when it never did. */
  readonly lastHeardAtMs: number | undefined;
  readonly linesDropped: number;
}
