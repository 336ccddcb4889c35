/**
 * Which answer belongs to which command. ExaBGP's answers are bare words without a reference, given in
 * order; they come late, or never, or were meant for a process that died. A barrier, a question whose
 * answer starts with a text that nothing else starts with, tells where in that order we are.
 */
import type { Lane, Verb } from "./lanes.ts";
import type { Settled } from "./settlement.ts";

/** A command that was written. */
export interface Flight {
  readonly verb: Verb;
  readonly lane: Lane;
  readonly line: string;
  readonly writtenAtMs: number;
  readonly settled: Settled;
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

/** What an answer ended. `stale` belongs to nobody that is known. */
export type Paired = { readonly flight: Flight; readonly isLate: boolean } | "barrier" | "stale";

export class Pairing {
  #entries: (CommandEntry | BarrierEntry)[] = [];
  #isForeignListing = false;
  #writtenBytes = 0;
  #readBytes = 0;
  #inFlight = { announce: 0, withdraw: 0 };
  #barriers = 0;

  /** Bytes written of which nothing shows that ExaBGP has read them. */
  get unreadBytes(): number {
    return this.#writtenBytes - this.#readBytes;
  }

  /** Barriers without a complete answer. */
  get barriers(): number {
    return this.#barriers;
  }

  /** Commands neither answered nor given up. */
  inFlight(verb: Verb): number {
    return this.#inFlight[verb];
  }

  /** When the oldest of them was written. */
  get oldestWrittenAtMs(): number | undefined {
    return this.#unsettled().next().value?.flight.writtenAtMs;
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

  pushCommand(flight: Flight): void {
    this.pushUnanswered(flight.line);
    this.#inFlight[flight.verb] += 1;
    const endByte = this.#writtenBytes;
    this.#entries.push({ kind: "command", flight, isSettled: false, endByte });
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
    this.#shift(head);
    if (head.kind === "barrier") return "barrier";
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
    const lost = this.#expire(this.#entries.slice(0, index));
    this.#barriers -= this.#entries.slice(0, index).filter(({ kind }) => kind === "barrier").length;
    this.#entries = this.#entries.slice(index);
    barrier.isListing = true;
    this.#readBytes = Math.max(this.#readBytes, barrier.endByte);
    return lost;
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

  /** Starts anew: nothing that was written is answered any more. */
  clear(): Flight[] {
    const lost = this.expire();
    this.#entries = [];
    this.#barriers = 0;
    this.#isForeignListing = false;
    this.#readBytes = this.#writtenBytes;
    return lost;
  }

  #shift(head: CommandEntry | BarrierEntry): void {
    this.#entries.shift();
    this.#readBytes = Math.max(this.#readBytes, head.endByte);
    if (head.kind === "barrier") this.#barriers -= 1;
  }

  #expire(entries: readonly (CommandEntry | BarrierEntry)[]): Flight[] {
    return entries.flatMap((entry) =>
      entry.kind === "command" && this.#settle(entry) ? [entry.flight] : [],
    );
  }

  /** @returns false if it was settled before. */
  #settle(entry: CommandEntry): boolean {
    if (entry.isSettled) return false;
    entry.isSettled = true;
    this.#inFlight[entry.flight.verb] -= 1;
    return true;
  }

  *#unsettled(): Generator<CommandEntry> {
    for (const entry of this.#entries)
      if (entry.kind === "command" && !entry.isSettled) yield entry;
  }
}
