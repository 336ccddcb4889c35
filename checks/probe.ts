/** The contract between whoever runs probes (the agent, `anyctl check`) and the probe types. */

/** `inconclusive` is the agent's own fault and never counts for or against a service. */
export type Outcome = "pass" | "fail" | "inconclusive";

/** Someone answered, and the answer was wrong. */
export type DefiniteFailure =
  | "refused"
  | "reset"
  | "closed"
  | "unreachable"
  | "name-not-found"
  | "bad-certificate"
  | "tls-failed"
  | "bad-response"
  | "wrong-status"
  | "wrong-body"
  | "wrong-answer"
  | "wrong-rcode"
  | "wrong-flags"
  | "serial-lags"
  | "certificate-expires"
  | "not-refused"
  | "exit-status"
  | "killed"
  | "not-active"
  | "not-found"
  | "exists"
  | "stale"
  | "wrong-content"
  | "not-assigned";

/** Nobody answered in time: the service hangs, or is only slow. */
export type AmbiguousFailure = "timeout";

/** What kept the agent itself from judging. `internal` is a bug of ours. */
export type Inconclusive =
  | "resolver-failed"
  | "no-descriptors"
  | "no-ports"
  | "no-processes"
  | "no-permission"
  | "bus-failed"
  | "clock-stepped"
  | "stalled"
  | "internal";

/** The one word that says why a result is what it is. */
export type Reason = "passed" | DefiniteFailure | AmbiguousFailure | Inconclusive;

/** What one attempt found out. */
export interface Result {
  readonly outcome: Outcome;
  readonly reason: Reason;
  /** Evidence for people: what was seen, in printable ASCII, at most `DETAIL_MAX` characters. */
  readonly detail: string;
}

/**
 * Makes one attempt. When `signal` aborts, time is over: the probe closes what it opened and settles at once.
 * It never rejects on purpose; a rejection is a bug and becomes `inconclusive`, `internal`.
 */
export type Probe = (signal: AbortSignal) => Promise<Result>;

/** Enough for a certificate's subject or a status line; what a server sends must not fill the journal. */
export const DETAIL_MAX = 200;

/** @param detail What was seen; control and non-ASCII characters become `?`, the rest is cut at `DETAIL_MAX`. */
export function pass(detail = ""): Result {
  return { outcome: "pass", reason: "passed", detail: printable(detail) };
}

/** @param detail See `pass`. */
export function fail(reason: DefiniteFailure | AmbiguousFailure, detail: string): Result {
  return { outcome: "fail", reason, detail: printable(detail) };
}

/** @param detail See `pass`. */
export function inconclusive(reason: Inconclusive, detail: string): Result {
  return { outcome: "inconclusive", reason, detail: printable(detail) };
}

/** For an attempt whose time was over before it had begun: says something about this process only. */
export const NOT_ASKED: Result = inconclusive(
  "stalled",
  "time was over before the service was asked",
);

function printable(text: string): string {
  const ascii = text.slice(0, DETAIL_MAX + 1).replaceAll(/[^\x20-\x7e]/g, "?");
  return ascii.length > DETAIL_MAX ? `${ascii.slice(0, DETAIL_MAX - 3)}...` : ascii;
}
