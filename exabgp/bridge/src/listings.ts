/**
 * Asks ExaBGP for a listing. The question stands between two barriers, written together: only what comes
 * between the end of the first one's answer and the beginning of the second one's is believed. So a lost or late
 * answer can never pass for an empty listing, and an ExaBGP that gives no `done` can be asked too.
 */
import type { BridgeStatus, ProblemWord } from "./bridge-types.ts";
import type { DataLine } from "./decode.ts";
import { UNREAD_BYTES_MAX } from "./commands.ts";
import type { Dialect } from "./dialect.ts";
import type { ListingOutcome } from "./listed-route.ts";
import type { Flight, Pairing } from "./pairing.ts";
import type { Questions } from "./questions.ts";
import type { Timers } from "./timers.ts";

/** ExaBGP 4.2.21 lists 10,000 routes in 2.4 s; whoever goes on beyond this will not end. */
export const LISTING_TIME_MAX_MS = 60_000;

/** What a listing is about. */
export interface Subject<Item> {
  /** For people. */
  readonly name: string;
  /** Undefined where nobody knows what would have to be asked. */
  readonly questions: Readonly<Record<Dialect, string | undefined>>;
  /** More are not believed. */
  readonly itemsMax: number;
  /** Whether `line` is one of such a listing whatever was asked. */
  readonly isOwn: (line: DataLine) => boolean;
  readonly reader: (dialect: Dialect) => ListingReader<Item>;
}

/** Reads the lines of one listing. */
export interface ListingReader<Item> {
  /** @returns What is complete with this line; undefined when it cannot be read. */
  read(line: DataLine): readonly Item[] | undefined;
  /** Whether the listing may end here. */
  readonly isWhole: boolean;
}

/** How a question ended. */
export interface Listing<Item> {
  readonly outcome: ListingOutcome;
  /** Empty unless `done`. */
  readonly items: readonly Item[];
  readonly dialect: Dialect | undefined;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

type Told<Item> = (listing: Listing<Item>) => void;

export interface ListingsOptions {
  readonly timers: Timers;
  /** How long ExaBGP may be silent within an answer. */
  readonly answerTimeoutMs: number;
  readonly pairing: Pairing;
  /** @returns false when writing threw. */
  readonly write: (line: string) => boolean;
  /** They need this object too, and come after it. */
  readonly questions: () => Questions;
  /** These commands will have no answer. */
  readonly lost: (flights: readonly Flight[]) => void;
  /** Calls the owner when the state is consistent. */
  readonly tell: (call: () => void) => void;
  readonly problem: (word: ProblemWord, detail: string) => void;
  /** A timer of this object has changed something. */
  readonly ticked: () => void;
}

/** A question on its way. `before`: its first barrier's answer has not begun; `open`: it has; `ended`: `done` or `error` came. */
interface Asked<Item> {
  readonly listeners: readonly Told<Item>[];
  readonly askedAtMs: number;
  readonly dialect: Dialect;
  readonly question: string;
  readonly reader: ListingReader<Item>;
  stage: "before" | "open" | "ended";
  outcome: "done" | "error";
  answeredAtMs: number;
  heardAtMs: number;
  items: Item[];
}

/** Of one subject. The barriers see to it that those of another are not on their way too. */
export class Listings<Item> {
  readonly #options: ListingsOptions;
  readonly #subject: Subject<Item>;
  /** For the next question, which is not written yet. */
  #waiting: Told<Item>[] = [];
  #waitingSinceMs = 0;
  #asked: Asked<Item> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(subject: Subject<Item>, options: ListingsOptions) {
    this.#subject = subject;
    this.#options = options;
  }

  /** Whether a question is on its way. */
  get isAsked(): boolean {
    return this.#asked !== undefined;
  }

  /** One question at a time: whoever comes while one is on its way is told of the next. */
  request(told: Told<Item>): void {
    if (this.#waiting.length === 0) this.#waitingSinceMs = this.#options.timers.nowMs();
    this.#waiting.push(told);
    this.#watch();
  }

  /** Writes a question that waits, if answers can be paired and no barrier is on its way that it could be mixed up with. */
  pump(): void {
    if (this.#waiting.length === 0 || this.#asked !== undefined) return;
    const { pairing } = this.#options;
    const { phase, identity } = this.#options.questions();
    if (phase !== "ready" || identity === undefined || pairing.barriers > 0) return;
    const { dialect } = identity;
    const question = this.#subject.questions[dialect];
    if (question === undefined) this.#refuse("unsupported");
    else if (pairing.unreadBytes < UNREAD_BYTES_MAX) this.#ask(question, dialect);
  }

  #ask(question: string, dialect: Dialect): void {
    const { timers, pairing, write } = this.#options;
    if (!this.#options.questions().askBarrier() || !write(question)) return;
    pairing.pushListing(question);
    this.#options.questions().askBarrier();
    const nowMs = timers.nowMs();
    this.#asked = {
      listeners: this.#waiting,
      askedAtMs: nowMs,
      dialect,
      question,
      reader: this.#subject.reader(dialect),
      stage: "before",
      outcome: "done",
      answeredAtMs: nowMs,
      heardAtMs: nowMs,
      items: [],
    };
    this.#waiting = [];
    this.#watch();
  }

  /** @returns Whether `line` belongs to a listing, ours or not. */
  onData(line: DataLine): boolean {
    const { pairing, lost, problem } = this.#options;
    // Whatever comes within it is held against it, words that nobody knows too: something may be missing.
    const isWithin = this.#asked?.stage === "open" && pairing.isListing;
    if (!isWithin && !this.#subject.isOwn(line)) return pairing.isListing;
    const before = pairing.routesCome();
    if (before === "foreign")
      problem("stale-answer", `A listing of ${this.#subject.name} that nobody asked for`);
    else if (before.length > 0) lost(before);
    const asked = this.#asked;
    if (asked?.stage === "open" && before !== "foreign") this.#read(asked, line);
    // The answer to the barrier before it was lost, or there are two listings.
    else this.giveUp();
    return true;
  }

  /** A line was too long to be read. */
  onDropped(): void {
    if (this.#asked?.stage === "open") this.#spoil("a line that is too long");
  }

  /** Its `done` or `error` came. */
  onEnd(kind: "done" | "error"): void {
    if (this.#asked === undefined) return;
    this.#heard(this.#asked);
    this.#asked.stage = "ended";
    this.#asked.answeredAtMs = this.#asked.heardAtMs;
    if (kind === "error") this.#asked.outcome = "error";
  }

  /** The answer to a barrier begins. */
  onBarrier(acks: BridgeStatus["acks"]): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    this.#heard(asked);
    if (asked.stage === "before") {
      asked.stage = "open";
      return;
    }
    const isEnded = asked.stage === "ended" || acks === "off";
    if (asked.stage === "open") asked.answeredAtMs = asked.heardAtMs;
    if (!asked.reader.isWhole) this.#spoil("an end within an entry");
    if (!isEnded)
      this.#options.problem("listing-unusable", `The listing of ${this.#subject.name} has no end`);
    this.#finish(isEnded ? asked.outcome : "timeout");
  }

  /** Its answer can no longer be told from others. */
  giveUp(): void {
    if (this.#asked !== undefined) this.#finish("timeout");
  }

  /** Settles everything as `closed`. */
  close(): void {
    if (this.#asked !== undefined) this.#finish("closed");
    this.#refuse("closed");
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #read(asked: Asked<Item>, line: DataLine): void {
    this.#heard(asked);
    if (asked.outcome === "error") return;
    const found = asked.reader.read(line);
    const { itemsMax, name } = this.#subject;
    if (found === undefined) {
      this.#spoil("a line that cannot be read");
    } else if (asked.items.length + found.length > itemsMax) {
      this.#spoil(`more than ${itemsMax} ${name}`);
    } else {
      for (const item of found) asked.items.push(item);
    }
  }

  /** It will not be believed; its lines are still taken off. */
  #spoil(what: string): void {
    if (this.#asked === undefined || this.#asked.outcome === "error") return;
    this.#asked.outcome = "error";
    this.#asked.items = [];
    this.#options.problem("listing-unusable", `The listing of ${this.#subject.name} has ${what}`);
  }

  #heard(asked: Asked<Item>): void {
    asked.heardAtMs = this.#options.timers.nowMs();
    this.#options.pairing.listingHeardAtMs = asked.heardAtMs;
  }

  #finish(outcome: ListingOutcome): void {
    const asked = this.#asked;
    if (asked === undefined) return;
    this.#asked = undefined;
    this.#options.pairing.giveUpListing();
    const { askedAtMs, dialect } = asked;
    const isWhole = outcome === "done";
    const answeredAtMs = isWhole ? asked.answeredAtMs : this.#options.timers.nowMs();
    const items = isWhole ? asked.items : [];
    const listing = { outcome, items, dialect, askedAtMs, answeredAtMs };
    for (const told of asked.listeners) this.#options.tell(() => told(listing));
  }

  /** Settles those whose question was never written. */
  #refuse(outcome: ListingOutcome): void {
    const answeredAtMs = this.#options.timers.nowMs();
    const askedAtMs = this.#waitingSinceMs;
    const listing = { outcome, items: [], dialect: undefined, askedAtMs, answeredAtMs };
    for (const told of this.#waiting) this.#options.tell(() => told(listing));
    this.#waiting = [];
  }

  get #deadlineMs(): number | undefined {
    if (this.#asked === undefined) {
      return this.#waiting.length === 0 ? undefined : this.#waitingSinceMs + LISTING_TIME_MAX_MS;
    }
    const { askedAtMs, heardAtMs } = this.#asked;
    const silentMs = heardAtMs + this.#options.answerTimeoutMs;
    return Math.min(silentMs, askedAtMs + LISTING_TIME_MAX_MS);
  }

  /** One timer, which looks again when it was too early. */
  #watch(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const deadlineMs = this.#deadlineMs;
    if (deadlineMs === undefined) return;
    const delayMs = Math.max(0, deadlineMs - this.#options.timers.nowMs());
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      const nowMs = this.#options.timers.nowMs();
      if (nowMs >= (this.#deadlineMs ?? Infinity)) this.#onDeadline();
      this.#watch();
      this.#options.ticked();
    });
  }

  #onDeadline(): void {
    if (this.#asked === undefined) {
      this.#refuse("timeout");
      return;
    }
    const { question } = this.#asked;
    this.#options.problem("no-answer", `No complete answer to ${question} in time`);
    this.giveUp();
    this.#options.questions().synchronize();
  }
}
