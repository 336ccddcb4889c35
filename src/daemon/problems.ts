/** What is wrong with the agent itself: said once in the log when it begins and ends, and in the status between. */
import type { ProblemStatus } from "../control/protocol.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

export type ProblemKind =
  | "address-missing"
  | "all-sessions-down"
  | "audit-file"
  | "clock-stepped"
  | "common-cause"
  | "configuration"
  | "control-socket"
  | "crash-loop"
  | "dead-man"
  | "drain-files"
  | "drain-folder"
  | "exabgp"
  | "family-missing"
  | "foreign-routes"
  | "holds-file"
  | "http-listener"
  | "inconclusive-checks"
  | "journal"
  | "last-good-file"
  | "lock"
  | "maintenance"
  | "next-hop-family"
  | "owned-file"
  | "pin-files"
  | "pin-folder"
  | "probes"
  | "rib-drift"
  | "rib-unknown"
  | "session-down"
  | "stalled"
  | "starts-file"
  | "state-dir"
  | "systemd-notify"
  | "transient-emptying"
  | "transient-files"
  | "transient-folder"
  | "unknown-neighbor"
  | "watchdog";

export class Problems {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #changed: (problem: ProblemStatus, over: boolean) => void;
  readonly #standing = new Map<ProblemKind, ProblemStatus>();

  /** @param changed A problem is new, has another detail, or is over. */
  constructor(
    clock: Clock,
    log: Log,
    changed: (problem: ProblemStatus, over: boolean) => void = () => {},
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#changed = changed;
  }

  report(word: ProblemKind, detail: string): void {
    const before = this.#standing.get(word);
    if (before?.detail === detail) return;
    const since = before?.since ?? new Date(this.#clock.wallMs()).toISOString();
    this.#standing.set(word, { word, detail, since });
    this.#log.error({ word, detail }, "problem");
    this.#changed({ word, detail, since }, false);
  }

  /** A detail that only counts on is not said again. @param detail undefined when all is well. */
  count(word: ProblemKind, detail: string | undefined): void {
    const before = this.#standing.get(word);
    if (before === undefined || detail === undefined) this.state(word, detail);
    else this.#standing.set(word, { ...before, detail });
  }

  /** @param detail undefined when all is well. */
  state(word: ProblemKind, detail: string | undefined): void {
    if (detail === undefined) this.clear(word);
    else this.report(word, detail);
  }

  clear(word: ProblemKind): void {
    const problem = this.#standing.get(word);
    if (problem === undefined) return;
    this.#standing.delete(word);
    this.#log.info({ word }, "problem is over");
    this.#changed(problem, true);
  }

  list(): ProblemStatus[] {
    return [...this.#standing.values()];
  }
}
