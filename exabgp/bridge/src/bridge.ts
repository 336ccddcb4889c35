/** Talks to the ExaBGP that runs this process. */
import type { Readable } from "node:stream";
import type { SessionEvent, UpdateEvent } from "./decode.ts";
import type { Dialect, Identity } from "./dialect.ts";
import type { Route } from "./route.ts";
import type { Timers } from "./timers.ts";

/** How one command ended. `timeout` and `closed` say nothing about whether ExaBGP applied it. */
export type SettledOutcome = "done" | "error" | "timeout" | "superseded" | "unconfirmed" | "closed";

/** The end of one `announce` or `withdraw`. */
export interface Settlement {
  readonly outcome: SettledOutcome;
  /** The line that was written, without newline; undefined when none was. */
  readonly line: string | undefined;
  /** On the clock of `timers`. */
  readonly writtenAtMs: number | undefined;
  /** From the write to the answer. */
  readonly ackMs: number | undefined;
  readonly detail: string;
}

/** Something that the owner should know about, and that moves no route by itself. */
export interface Problem {
  readonly word: ProblemWord;
  /** Evidence in printable ASCII. */
  readonly detail: string;
}

export type ProblemWord =
  | "no-answer"
  | "answer-timeout"
  | "acks-off"
  | "unexpected-answer"
  | "line-too-long"
  | "malformed-line"
  | "input-error"
  | "output-failed"
  | "unknown-version";

export interface BridgeOptions {
  /** ExaBGP's answers: normally `process.stdin`. */
  readonly input: Readable;
  /** Writes one line (given without newline): normally `LineWriter.write`. */
  readonly output: (line: string) => void;
  readonly timers: Timers;
  /** Lower-case hexadecimal digits and dashes, new for each process. */
  readonly nonce: string;
  readonly dialect: "auto" | Dialect;
  /** Default 5000. */
  readonly ackTimeoutMs?: number;
}

export interface BridgeHandlers {
  /** Commands are written from now on. */
  ready(identity: Identity): void;
  session(event: SessionEvent): void;
  update(event: UpdateEvent): void;
  /** ExaBGP is gone. Called once. */
  inputEnd(): void;
  problem(problem: Problem): void;
}

export interface BridgeStatus {
  readonly phase: "new" | "greeting" | "synchronizing" | "ready" | "closed";
  readonly identity: Identity | undefined;
  readonly acks: "on" | "off" | "unknown";
  /** Routes not written yet. */
  readonly queued: number;
  /** Commands without an answer yet. */
  readonly inFlight: number;
  /** Neighbors by address, as last heard. */
  readonly sessions: ReadonlyMap<string, SessionEvent>;
  /** When ExaBGP last said anything; undefined when it never did. */
  readonly lastHeardAtMs: number | undefined;
  readonly linesDropped: number;
}

export class Bridge {
  readonly #options: BridgeOptions;
  readonly #handlers: BridgeHandlers;

  constructor(options: BridgeOptions, handlers: BridgeHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  start(): void {
    this.#options.input.once("end", () => this.#handlers.inputEnd());
  }

  announce(route: Route, settled: (settlement: Settlement) => void): void {
    void route;
    void settled;
    throw new Error("Not written yet");
  }

  withdraw(route: Route, settled: (settlement: Settlement) => void): void {
    this.announce(route, settled);
  }

  status(): BridgeStatus {
    throw new Error("Not written yet");
  }

  stop(): void {}
}
