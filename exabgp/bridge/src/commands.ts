/** Commands from their queue onto the wire, and each to its end: an answer, or the time limit. */
import type { ProblemWord } from "./bridge-types.ts";
import type { Dialect } from "./dialect.ts";
import { encodeChanges } from "./encode.ts";
import { Lanes } from "./lanes.ts";
import type { Change, Lane, Verb } from "./lanes.ts";
import type { Flight, Pairing, Passenger } from "./pairing.ts";
import type { Questions } from "./questions.ts";
import { unwritten } from "./settlement.ts";
import type { Settled, SettledOutcome, Settlement } from "./settlement.ts";
import type { Timers } from "./timers.ts";

/**
 * A withdrawal waits for everything that is ahead of it in ExaBGP, and 5.0 applies about 450 commands a
 * second: so many prefixes cost it about 70 ms. Small withdrawals are not held back by it; those of a large
 * change are, because others may have to overtake them.
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
  /** Prefixes in flight that others wait for. */
  #paced = 0;

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

  /** Writes what may be written: withdrawals first, small changes before large ones. */
  pump(): void {
    this.#lanes.closeBatch();
    if (this.#options.questions.phase === "greeting") return;
    while (this.#launch(this.#small("withdraw"), false));
    while (this.#launchLarge("withdraw"));
    if (this.#options.questions.phase === "ready") {
      while (this.#room > 0 && this.#launch(this.#small("announce"), true));
      while (this.#launchLarge("announce"));
    }
    const isFull = this.#options.pairing.unreadBytes >= UNREAD_BYTES_MAX;
    // Without acknowledgements, the barrier's text is the only sign that ExaBGP reads.
    if (this.#options.questions.acks === "off" && isFull && this.#options.pairing.barriers === 0) {
      this.#options.questions.synchronize();
    }
    this.#watchDeadline();
  }

  /** How many prefixes more may be on their way that others have to wait for. */
  get #room(): number {
    return ANNOUNCEMENTS_IN_FLIGHT_MAX - this.#paced;
  }

  #small(verb: Verb): readonly Lane[] {
    const lane = this.#lanes.small(verb);
    return lane === undefined ? [] : [lane];
  }

  /** The next line of a large change, when the last one is answered. */
  #launchLarge(verb: Verb): boolean {
    // No bulk line of 6.0 was ever seen to work.
    const isBulk = this.#options.questions.identity?.dialect !== 6;
    const lanes = this.#lanes.large(verb).slice(0, isBulk ? undefined : 1);
    return lanes.length <= this.#room && this.#launch(lanes, true);
  }

  /** @returns false when there is nothing to write, or no room. */
  #launch(lanes: readonly Lane[], isPaced: boolean): boolean {
    const { identity, acks } = this.#options.questions;
    if (identity === undefined || this.#options.pairing.unreadBytes >= UNREAD_BYTES_MAX) {
      return false;
    }
    const nowMs = this.#options.timers.nowMs();
    const passengers = lanes.flatMap((lane): Passenger[] => {
      const change = this.#lanes.launch(lane, nowMs);
      return change === undefined ? [] : [{ lane, change }];
    });
    const verb = passengers[0]?.change.verb;
    if (verb === undefined) return false;
    const line = lineFor(passengers, identity.dialect);
    if (typeof line !== "string") {
      this.#endUnwritten(passengers, line.message);
      return true;
    }
    // Not before the line is made: a first one takes its time.
    const writtenAtMs = this.#options.timers.nowMs();
    const flight: Flight = { verb, passengers, line, writtenAtMs, isPaced };
    if (!this.#options.write(line)) {
      this.#endUnwritten(passengers, "The line could not be written");
      return true;
    }
    if (isPaced) this.#paced += passengers.length;
    if (acks === "off") {
      this.#options.pairing.pushUnanswered(line);
      this.#end(flight, "unconfirmed", "ExaBGP gives no answers");
    } else {
      this.#options.pairing.pushCommand(flight);
    }
    return true;
  }

  /** ExaBGP has answered. A bulk line that it refuses ends for nobody: nobody knows because of which prefix. */
  land(flight: Flight, outcome: "done" | "error", detail: string): void {
    const { passengers, isPaced } = flight;
    if (outcome === "done" || passengers.length === 1) {
      this.#end(flight, outcome, detail);
      return;
    }
    if (isPaced) this.#paced -= passengers.length;
    const nowMs = this.#options.timers.nowMs();
    for (const { lane, change } of passengers) this.#lanes.landAlone(lane, change, nowMs);
  }

  #end(flight: Flight, outcome: SettledOutcome, detail: string): void {
    const { passengers, line, writtenAtMs, isPaced } = flight;
    const nowMs = this.#options.timers.nowMs();
    if (isPaced) this.#paced -= passengers.length;
    const isAnswer = outcome === "done" || outcome === "error";
    const ackMs = isAnswer ? nowMs - writtenAtMs : undefined;
    const settlement = { outcome, line, writtenAtMs, ackMs, detail };
    for (const { lane, change } of passengers) {
      // 4.2 says nothing at all to what it cannot read.
      if (outcome === "timeout" && passengers.length > 1) lane.isAlone = true;
      this.#options.settle(change.settled, settlement);
      this.#lanes.land(lane, outcome, isAnswer ? nowMs : undefined);
    }
  }

  /** It never was a line: not to be taken for a refusal of ExaBGP's. */
  #endUnwritten(passengers: readonly Passenger[], detail: string): void {
    for (const { lane, change } of passengers) {
      this.#options.settle(change.settled, unwritten("error", detail));
      this.#lanes.land(lane, "error", undefined);
    }
  }

  /** No answer will come for `flights`. */
  expire(flights: readonly Flight[]): void {
    for (const flight of flights) this.#end(flight, "timeout", "ExaBGP gave no answer in time");
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
    for (const flight of this.#options.pairing.clear()) this.#end(flight, "closed", detail);
    this.#lanes.close(detail);
  }
}

/**
 * A route may be right, and nothing that this ExaBGP can be told. Any other error is a bug: it must not leave the
 * prefixes in flight for ever, nor what waits behind them.
 */
function lineFor(passengers: readonly Passenger[], dialect: Dialect): string | Error {
  try {
    return encodeChanges(
      passengers.map(({ change }) => change),
      dialect,
    );
  } catch (error) {
    return error instanceof Error ? error : new Error("Cannot write command", { cause: error });
  }
}
