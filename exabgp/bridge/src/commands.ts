/** Commands from their queue onto the wire, and each to its end: an answer, or the time limit. */
import type { ProblemWord } from "./bridge-types.ts";
import type { Dialect } from "./dialect.ts";
import { encodeAnnounce, encodeWithdraw } from "./encode.ts";
import { Lanes } from "./lanes.ts";
import type { Change, Verb } from "./lanes.ts";
import type { Flight, Pairing } from "./pairing.ts";
import type { Questions } from "./questions.ts";
import { RouteError } from "./route-error.ts";
import { unwritten } from "./settlement.ts";
import type { Settled, SettledOutcome, Settlement } from "./settlement.ts";
import type { Timers } from "./timers.ts";

/**
 * A withdrawal waits for everything that is ahead of it in ExaBGP, and 5.0 applies about 450 commands a
 * second: this many cost it about 70 ms. Withdrawals themselves are not held back by it.
 */
export const ANNOUNCEMENTS_IN_FLIGHT_MAX = 32;

/** Half of a pipe's 64 KiB: a write to a full pipe would block this process until ExaBGP reads. */
export const UNREAD_BYTES_MAX = 32_768;

export interface CommandsOptions {
  readonly timers: Timers;
  readonly ackTimeoutMs: number;
  readonly pairing: Pairing;
  readonly questions: Questions;
  /** @returns false when writing threw. */
  readonly write: (line: string) => boolean;
  readonly settle: (settled: Settled, settlement: Settlement) => void;
  readonly problem: (word: ProblemWord, detail: string) => void;
  /** The passing of time has changed something. */
  readonly ticked: () => void;
}

export class Commands {
  readonly #options: CommandsOptions;
  readonly #lanes: Lanes;
  #cancelDeadline: (() => void) | undefined;

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#lanes = new Lanes({
      timers: options.timers,
      settle: options.settle,
      rested: options.ticked,
    });
  }

  /** Changes that are not written yet. */
  get queued(): number {
    return this.#lanes.queued;
  }

  request(change: Change): void {
    this.#lanes.request(change);
  }

  /** Writes what may be written. */
  pump(): void {
    if (this.#options.questions.phase === "greeting") return;
    while (this.#launchNext("withdraw"));
    while (this.#mayAnnounce() && this.#launchNext("announce"));
    const isFull = this.#options.pairing.unreadBytes >= UNREAD_BYTES_MAX;
    // Without acknowledgements, the barrier's text is the only sign that ExaBGP reads.
    if (this.#options.questions.acks === "off" && isFull && this.#options.pairing.barriers === 0) {
      this.#options.questions.synchronize();
    }
    this.#watchDeadline();
  }

  #mayAnnounce(): boolean {
    const inFlight = this.#options.pairing.inFlight("announce");
    return this.#options.questions.phase === "ready" && inFlight < ANNOUNCEMENTS_IN_FLIGHT_MAX;
  }

  /** @returns false when there is nothing to write, or no room. */
  #launchNext(verb: Verb): boolean {
    const lane = this.#lanes.next(verb);
    const { identity } = this.#options.questions;
    if (lane === undefined || identity === undefined) return false;
    if (this.#options.pairing.unreadBytes >= UNREAD_BYTES_MAX) return false;
    const change = this.#lanes.launch(lane, this.#options.timers.nowMs());
    if (change === undefined) return false;
    const line = lineFor(change, identity.dialect);
    if (line instanceof RouteError) {
      this.#options.settle(change.settled, unwritten("error", line.message));
      this.#lanes.land(lane, "error", undefined);
      return true;
    }
    // Not before the line is made: a first one takes its time.
    const writtenAtMs = this.#options.timers.nowMs();
    const flight: Flight = { verb, lane, line, writtenAtMs, settled: change.settled };
    if (!this.#options.write(line)) {
      this.land(flight, "error", "The line could not be written");
    } else if (this.#options.questions.acks === "off") {
      this.#options.pairing.pushUnanswered(line);
      this.land(flight, "unconfirmed", "ExaBGP gives no answers");
    } else {
      this.#options.pairing.pushCommand(flight);
    }
    return true;
  }

  /** `flight` has ended. */
  land(flight: Flight, outcome: SettledOutcome, detail: string): void {
    const { lane, line, writtenAtMs, settled } = flight;
    const nowMs = this.#options.timers.nowMs();
    const isAnswer = outcome === "done" || outcome === "error";
    const ackMs = isAnswer ? nowMs - writtenAtMs : undefined;
    this.#options.settle(settled, { outcome, line, writtenAtMs, ackMs, detail });
    this.#lanes.land(lane, outcome, isAnswer ? nowMs : undefined);
  }

  /** No answer will come for `flights`. */
  expire(flights: readonly Flight[]): void {
    for (const flight of flights) this.land(flight, "timeout", "ExaBGP gave no answer in time");
  }

  /** One timer, for the oldest command in flight. */
  #watchDeadline(): void {
    const oldestMs = this.#options.pairing.oldestWaitsSinceMs;
    if (oldestMs === undefined || this.#cancelDeadline !== undefined) return;
    const delayMs = oldestMs + this.#options.ackTimeoutMs - this.#options.timers.nowMs();
    this.#cancelDeadline = this.#options.timers.after(Math.max(0, delayMs), () => {
      this.#cancelDeadline = undefined;
      this.#onDeadline();
      this.#options.ticked();
    });
  }

  #onDeadline(): void {
    const oldestMs = this.#options.pairing.oldestWaitsSinceMs;
    if (oldestMs === undefined) return;
    if (this.#options.timers.nowMs() < oldestMs + this.#options.ackTimeoutMs) return;
    // One lost answer makes every later pairing doubtful, so all of them end here.
    const late = this.#options.pairing.expire();
    this.#options.problem(
      "answer-timeout",
      `${late.length} commands, first: ${late[0]?.line ?? ""}`,
    );
    this.expire(late);
    if (this.#options.questions.phase === "ready") this.#options.questions.synchronize();
  }

  /** Settles everything as `closed`. */
  close(detail: string): void {
    this.#cancelDeadline?.();
    for (const flight of this.#options.pairing.clear()) this.land(flight, "closed", detail);
    this.#lanes.close(detail);
  }
}

/** A route may be right, and nothing that this ExaBGP can be told. */
function lineFor({ verb, route }: Change, dialect: Dialect): string | RouteError {
  try {
    return (verb === "announce" ? encodeAnnounce : encodeWithdraw)(route, dialect);
  } catch (error) {
    if (error instanceof RouteError) return error;
    throw error;
  }
}
