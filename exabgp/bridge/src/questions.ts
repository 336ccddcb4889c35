/** What is asked of ExaBGP, so that its dialect is known and every answer can be given to its command. */
import type { AllListings } from "./all-listings.ts";
import { Asking, QUESTIONS_UNREAD_BYTES_MAX } from "./asking.ts";
import type { BridgeStatus, ProblemWord } from "./bridge-types.ts";
import type { AnswerLine, DataLine, SessionEvent } from "./decode.ts";
import { dialectOf } from "./dialect.ts";
import type { Dialect, Identity } from "./dialect.ts";
import { BARRIER_QUESTIONS, VERSION_QUESTION } from "./grammar.ts";
import { isListingStart, sessionsIn } from "./listing.ts";
import type { Flight, Pairing } from "./pairing.ts";
import { Sessions } from "./sessions.ts";
import type { Timers } from "./timers.ts";

/** ExaBGP writes the version and its `done` in one go; 1 s is far beyond. */
const ACK_PROOF_MS = 1000;

/**
 * Repeated while ExaBGP is silent, because one may have been lost; if it hangs, it answers them all when it
 * wakes up. So many are 1.4 KiB of the pipe.
 */
const BARRIERS_MAX = 64;

export interface QuestionsOptions {
  readonly timers: Timers;
  readonly dialect: "auto" | Dialect;
  readonly answerTimeoutMs: number;
  readonly pairing: Pairing;
  readonly listings: AllListings;
  /** @returns false when writing threw. */
  readonly write: (line: string) => boolean;
  /** These commands will have no answer. */
  readonly lost: (flights: readonly Flight[]) => void;
  /** The first time that announcements may be written. */
  readonly ready: (identity: Identity) => void;
  readonly session: (event: SessionEvent) => void;
  readonly problem: (word: ProblemWord, detail: string) => void;
  /** A timer of this object has changed something. */
  readonly ticked: () => void;
}

export class Questions {
  readonly #options: QuestionsOptions;
  readonly #asking: Asking;
  readonly #sessions = new Sessions();
  #phase: "greeting" | "synchronizing" | "ready" = "greeting";
  #identity: Identity | undefined;
  #acks: BridgeStatus["acks"] = "unknown";
  #isReadyTold = false;
  /** Since the last question ExaBGP gave any answer, or the complete one of an earlier barrier. */
  #heard: "nothing" | "something" | "barrier" = "nothing";
  #cancelTimer: (() => void) | undefined;

  constructor(options: QuestionsOptions) {
    this.#options = options;
    this.#asking = new Asking(options);
  }

  get phase(): "greeting" | "synchronizing" | "ready" {
    return this.#phase;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  get acks(): BridgeStatus["acks"] {
    return this.#acks;
  }

  get sessions(): ReadonlyMap<string, SessionEvent> {
    return this.#sessions.all;
  }

  /** Asks what ExaBGP is, again and again until it says so, or the pipe may be full. */
  askVersion(): void {
    const { pairing, problem, answerTimeoutMs, dialect } = this.#options;
    if (this.#asking.ask(VERSION_QUESTION)) pairing.pushUnanswered(VERSION_QUESTION);
    this.#setTimer(answerTimeoutMs, () => {
      problem("no-answer", `No answer to ${VERSION_QUESTION} in ${answerTimeoutMs} ms`);
      if (dialect === "auto") {
        this.askVersion();
      } else {
        this.#identity = { version: "unknown", dialect };
        this.synchronize();
      }
    });
  }

  /** Asks the barrier question; until its answer is complete, nobody's answer is certain. */
  synchronize(): void {
    const { pairing } = this.#options;
    if (this.#identity === undefined) return;
    // What comes now may belong to another question.
    this.#options.listings.giveUp();
    const question = BARRIER_QUESTIONS[this.#identity.dialect];
    this.#phase = "synchronizing";
    this.#heard = "nothing";
    if (this.#asking.ask(question)) pairing.pushBarrier(question);
    this.#watchBarrier(question);
  }

  /** Asks for the sessions without holding anything up. One that is on its way will do. */
  listSessions(): void {
    const { barriers, unreadBytes } = this.#options.pairing;
    if (barriers === 0 && unreadBytes < QUESTIONS_UNREAD_BYTES_MAX) this.askBarrier();
  }

  /** Asks the barrier question when answers can be paired anyway. @returns false when it was not written. */
  askBarrier(): boolean {
    const { pairing, write } = this.#options;
    if (this.#phase !== "ready" || this.#identity === undefined) return false;
    const question = BARRIER_QUESTIONS[this.#identity.dialect];
    if (!write(question)) return false;
    pairing.pushBarrier(question);
    this.#heard = "nothing";
    this.#watchBarrier(question);
    return true;
  }

  #watchBarrier(question: string): void {
    const { listings, answerTimeoutMs } = this.#options;
    this.#setTimer(answerTimeoutMs, () => {
      // A listing of routes between two barriers has its own time limit.
      if (listings.isAsked) this.#watchBarrier(question);
      else this.#onBarrierTimeout(question);
    });
  }

  /** Anything came. */
  onSign(): void {
    this.#asking.onSign();
  }

  /** See to it that ExaBGP has something to answer. Before it is known, it has. */
  ping(): void {
    if (this.#phase === "ready") this.#asking.ping();
  }

  /** A session event came. */
  onSession({ neighbor, state, reason }: SessionEvent): void {
    const change = this.#sessions.heard({ neighbor, state, reason });
    if (change !== undefined) this.#options.session(change);
  }

  /** @returns The command that `line` answers, if it is one's. */
  onAnswer(line: AnswerLine, text: string): Flight | undefined {
    if (this.#heard === "nothing") this.#heard = "something";
    if (line.kind === "text" || line.kind === "json") {
      this.#onData(line, text);
      return undefined;
    }
    if (this.#phase === "greeting") {
      // Before the version, it answers the comment or a predecessor.
      if (this.#identity === undefined) return undefined;
      this.#acks = "on";
      this.synchronize();
      return undefined;
    }
    if (this.#acks === "off") {
      // Acknowledgements exist after all. Those on the way belong to commands already settled.
      this.#acks = "on";
      this.#options.pairing.clear();
      this.synchronize();
      return undefined;
    }
    this.#acks = "on";
    return this.#pair(line.kind);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #pair(kind: "done" | "error"): Flight | undefined {
    const paired = this.#options.pairing.answer();
    if (paired === "barrier") {
      for (const event of this.#sessions.endListing(kind === "done")) this.#options.session(event);
      this.#onBarrierEnd();
      return undefined;
    }
    if (paired === "listing") this.#options.listings.onEnd(kind);
    if (paired === "listing" || paired === "late" || paired === "ping") return undefined;
    if (paired === "stale") {
      if (this.#phase === "ready") this.#options.problem("stale-answer", `A bare ${kind}`);
      return undefined;
    }
    return paired.isLate ? undefined : paired.flight;
  }

  #onData(line: DataLine, text: string): void {
    const { pairing } = this.#options;
    if ((this.#identity?.version ?? "unknown") === "unknown" || pairing.awaitsPing) {
      const told = dialectOf(text);
      if (told !== undefined) {
        this.#onVersion(told);
        return;
      }
    }
    if (this.#identity === undefined) return;
    const isStart = isListingStart(line, this.#identity.dialect);
    if (isStart) this.#onListingStart();
    const rows = sessionsIn(line);
    if (!isStart && rows.length === 0 && this.#options.listings.onData(line)) return;
    if (this.#acks === "off") this.#onUnendedListing(isStart, rows);
    else this.#sessions.list(rows);
  }

  #onVersion(told: Identity): void {
    this.#options.pairing.pingTold(this.#acks);
    if ((this.#identity?.version ?? "unknown") === "unknown") this.#onIdentity(told);
  }

  #onIdentity(told: Identity): void {
    const { dialect, problem } = this.#options;
    this.#identity = dialect === "auto" ? told : { ...told, dialect };
    // 4 and 5 share their commands; 6 shares none with them.
    if ((this.#identity.dialect === 6) !== (told.dialect === 6)) {
      problem("dialect-differs", `ExaBGP ${told.version} takes ${told.dialect}, not ${dialect}`);
    }
    if (this.#phase !== "greeting") return;
    this.#setTimer(ACK_PROOF_MS, () => {
      this.#turnAcksOff(`${VERSION_QUESTION} was answered without done`);
      this.synchronize();
    });
  }

  #onListingStart(): void {
    const { pairing, lost, problem } = this.#options;
    const before = pairing.listingStarts();
    if (before === "foreign") {
      problem("stale-answer", "A listing of sessions that nobody asked for");
      return;
    }
    lost(before);
    this.#options.listings.onBarrier(this.#acks);
    this.#sessions.startListing();
  }

  /** Without acknowledgements nothing ends a listing: its first line is the answer, and rows come after. */
  #onUnendedListing(isStart: boolean, rows: readonly SessionEvent[]): void {
    for (const row of rows) this.onSession(row);
    if (!isStart) return;
    this.#options.pairing.endListing();
    this.#onBarrierEnd();
  }

  #onBarrierEnd(): void {
    // The answers to repeated questions follow at once, if they follow at all.
    if (this.#options.pairing.barriers > 0) this.#heard = "barrier";
    else this.#becomeReady();
  }

  #onBarrierTimeout(question: string): void {
    const { pairing, lost, problem, answerTimeoutMs } = this.#options;
    problem("no-answer", `No answer to ${question} in ${answerTimeoutMs} ms`);
    if (this.#identity?.version === "unknown" && this.#heard === "nothing") {
      this.#turnAcksOff("ExaBGP answers nothing, and its dialect is forced");
      lost(pairing.clear(this.#asking.isAlive));
      this.#becomeReady();
      return;
    }
    const isFull = pairing.barriers >= BARRIERS_MAX;
    if (this.#heard === "barrier" || (isFull && this.#heard === "something")) {
      // ExaBGP answers, but not these: they were lost, and so is what was written between them.
      lost(pairing.clear());
      this.synchronize();
    } else if (isFull) {
      this.#setTimer(answerTimeoutMs, () => this.#onBarrierTimeout(question));
    } else {
      this.synchronize();
    }
  }

  #becomeReady(): void {
    this.close();
    this.#phase = "ready";
    if (this.#isReadyTold || this.#identity === undefined) return;
    this.#isReadyTold = true;
    this.#options.ready(this.#identity);
  }

  #turnAcksOff(detail: string): void {
    this.#acks = "off";
    this.#options.problem("acks-off", detail);
  }

  #setTimer(delayMs: number, run: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      run();
      this.#options.ticked();
    });
  }
}
