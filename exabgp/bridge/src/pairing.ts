/**
 * Which answer belongs to which command. ExaBGP's answers are bare words without a reference, given in
 * order; they come late, or never, or were meant for a process that died. A barrier, a question whose
 * answer starts with a text that nothing else starts with, tells where in that order we are.
 */
import type { Change, Lane, Verb } from "./lanes.ts";

/** A line that was written, with one change or several. */
export interface Flight {
  readonly verb: Verb;
  readonly passengers: readonly Passenger[];
  readonly line: string;
  readonly writtenAtMs: number;
  /** Whether others wait until it is answered. */
  readonly isPaced: boolean;
}

export interface Passenger {
  readonly lane: Lane;
  readonly change: Change;
}

interface CommandEntry {
  readonly kind: "command";
  readonly flight: Flight;
  /** A settled command stays in the order, so that its late answer is not taken for another's. */
  isSettled: boolean;
  readonly endByte: number;
}

interface BarrierEntry {
  readonly kind: "barrier";
  isListing: boolean;
  readonly endByte: number;
}

/** A question for routes. */
interface ListingEntry {
  readonly kind: "listing";
  /** Nobody waits for it any more, but its lines are still told from others. */
  isSettled: boolean;
  readonly endByte: number;
}

/** A question whose answer is a text, which shows that ExaBGP runs, and the end of it. */
interface PingEntry {
  readonly kind: "ping";
  isTold: boolean;
  readonly endByte: number;
}

type Entry = CommandEntry | BarrierEntry | ListingEntry | PingEntry;

/** What an answer ended. `stale` belongs to nobody that is known, `late` to a listing that was given up. */
export type Paired =
  | { readonly flight: Flight; readonly isLate: boolean }
  | "ping"
  | "barrier"
  | "listing"
  | "late"
  | "stale";

export class Pairing {
  #entries: Entry[] = [];
  #isForeignListing = false;
  #writtenBytes = 0;
  #readBytes = 0;
  #inFlight = { announce: 0, withdraw: 0 };
  #barriers = 0;
  /** When a line of a listing last came that somebody waits for: what is behind it could not be answered before. */
  listingHeardAtMs = -Infinity;

  /** Bytes written of which nothing shows that ExaBGP has read them. */
  get unreadBytes(): number {
    return this.#writtenBytes - this.#readBytes;
  }

  /** Barriers without a complete answer. */
  get barriers(): number {
    return this.#barriers;
  }

  /** Whether the next answer is that to a question for routes. */
  get isListing(): boolean {
    return this.#entries[0]?.kind === "listing";
  }

  /** Whether anything but pings waits for its answer. */
  get awaitsOthers(): boolean {
    return this.#entries.some(({ kind }) => kind !== "ping");
  }

  /** Whether the text that comes next may be the answer to a ping. */
  get awaitsPing(): boolean {
    const head = this.#entries[0];
    return head?.kind === "ping" && !head.isTold;
  }

  /** Changes on lines neither answered nor given up. */
  inFlight(verb: Verb): number {
    return this.#inFlight[verb];
  }

  /** Since when the oldest of them waits for nothing but its own answer. */
  get oldestWaitsSinceMs(): number | undefined {
    const oldest = this.#unsettled().next().value;
    return oldest && Math.max(oldest.flight.writtenAtMs, this.listingHeardAtMs);
  }

  /** Counts a line whose answer is not awaited. */
  pushUnanswered(line: string): void {
    this.#writtenBytes += line.length + 1;
  }

  pushBarrier(line: string): void {
    this.pushUnanswered(line);
    this.#barriers += 1;
    this.#entries.push({ kind: "barrier", isListing: false, endByte: this.#writtenBytes });
  }

  pushListing(line: string): void {
    this.pushUnanswered(line);
    this.#entries.push({ kind: "listing", isSettled: false, endByte: this.#writtenBytes });
  }

  /** Only while nothing else is awaited: it is answered ahead of what was written before it. */
  pushPing(line: string): void {
    this.pushUnanswered(line);
    this.#entries.push({ kind: "ping", isTold: false, endByte: this.#writtenBytes });
  }

  pushCommand(flight: Flight): void {
    this.pushUnanswered(flight.line);
    this.#inFlight[flight.verb] += flight.passengers.length;
    const endByte = this.#writtenBytes;
    this.#entries.push({ kind: "command", flight, isSettled: false, endByte });
  }

  /** The text that answers a ping came. @param acks Where they are off nothing else follows. */
  pingTold(acks: "unknown" | "on" | "off"): void {
    const head = this.#entries[0];
    if (head?.kind !== "ping") return;
    if (acks === "off") this.#shift(head);
    else head.isTold = true;
  }

  /** A bare `done` or `error` came. */
  answer(): Paired {
    if (this.#isForeignListing) {
      this.#isForeignListing = false;
      return "stale";
    }
    const head = this.#entries[0];
    // Before the barrier's own text, a bare answer was meant for a predecessor.
    if (head === undefined || (head.kind === "barrier" && !head.isListing)) return "stale";
    if (head.kind === "ping" && !head.isTold) return "stale";
    this.#shift(head);
    if (head.kind === "ping") return "ping";
    if (head.kind === "barrier") return "barrier";
    if (head.kind === "listing") return head.isSettled ? "late" : "listing";
    const isLate = head.isSettled;
    this.#settle(head);
    return { flight: head.flight, isLate };
  }

  /**
   * The text that starts a barrier's answer came.
   *
   * @returns The commands written before that barrier: their answers were lost. `foreign` if no barrier
   * was waiting; the end of that listing will be no command's answer.
   */
  listingStarts(): Flight[] | "foreign" {
    const index = this.#entries.findIndex((entry) => entry.kind === "barrier" && !entry.isListing);
    const barrier = this.#entries[index];
    if (barrier?.kind !== "barrier") {
      this.#isForeignListing = true;
      return "foreign";
    }
    const lost = this.#skip(index);
    barrier.isListing = true;
    this.#readBytes = Math.max(this.#readBytes, barrier.endByte);
    return lost;
  }

  /**
   * A line of a listing of routes came.
   *
   * @returns What was written before the question: its answers were lost. `foreign` if nothing was asked; the end
   * of that listing will be no command's answer.
   */
  routesCome(): Flight[] | "foreign" {
    const index = this.#entries.findIndex(({ kind }) => kind === "listing");
    if (index < 0) {
      this.#isForeignListing = true;
      return "foreign";
    }
    return index === 0 ? [] : this.#skip(index);
  }

  /** Nobody waits for a listing any more. */
  giveUpListing(): void {
    for (const entry of this.#entries) if (entry.kind === "listing") entry.isSettled = true;
  }

  /** Ends the barrier whose listing started, where no `done` will end it. */
  endListing(): void {
    const head = this.#entries[0];
    if (head?.kind === "barrier" && head.isListing) this.#shift(head);
  }

  /** Gives up waiting for all commands in flight; their late answers are still recognized. */
  expire(): Flight[] {
    return this.#expire(this.#entries);
  }

  /**
   * Starts anew: nothing that was written is answered any more.
   *
   * @param isRead Whether it counts as read: for an ExaBGP that answers nothing but writes, and so reads too. One that
   * does neither would let the pipe fill.
   */
  clear(isRead = false): Flight[] {
    const lost = this.expire();
    this.#entries = [];
    this.#barriers = 0;
    this.#isForeignListing = false;
    if (isRead) this.#readBytes = this.#writtenBytes;
    return lost;
  }

  /** Drops the first `count` entries. @returns The commands among them. */
  #skip(count: number): Flight[] {
    const skipped = this.#entries.slice(0, count);
    this.#entries = this.#entries.slice(count);
    this.#barriers -= skipped.filter(({ kind }) => kind === "barrier").length;
    return this.#expire(skipped);
  }

  #shift(head: Entry): void {
    this.#entries.shift();
    this.#readBytes = Math.max(this.#readBytes, head.endByte);
    if (head.kind === "barrier") this.#barriers -= 1;
  }

  #expire(entries: readonly Entry[]): Flight[] {
    return entries.flatMap((entry) =>
      entry.kind === "command" && this.#settle(entry) ? [entry.flight] : [],
    );
  }

  /** @returns false if it was settled before. */
  #settle(entry: CommandEntry): boolean {
    if (entry.isSettled) return false;
    entry.isSettled = true;
    this.#inFlight[entry.flight.verb] -= entry.flight.passengers.length;
    return true;
  }

  *#unsettled(): Generator<CommandEntry> {
    for (const entry of this.#entries)
      if (entry.kind === "command" && !entry.isSettled) yield entry;
  }
}
