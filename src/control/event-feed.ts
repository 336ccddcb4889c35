/** `GET /v1/events`: server-sent events (WHATWG HTML, section 9.2) for a few readers, none of which can slow the agent. */
import type { ServerResponse } from "node:http";
import type { Timers } from "../../checks/timers.ts";

/** What is told. Each has one JSON object as its data; docs/status.md says which. */
export type EventName =
  | "transition"
  | "verdict"
  | "heard"
  | "session"
  | "problem"
  | "config"
  | "missed";

/** Of 64 connections: the rest are for short questions. */
export const READERS_MAX = 16;

/** For readers that come back, and for those that are a moment behind: some minutes of a bad day. */
const RING_EVENTS_MAX = 4096;
/** A record with thousands of prefixes has some hundred kilobytes. */
const RING_CHARACTERS_MAX = 8 * 1024 * 1024;

/** At once to one reader: what a socket takes in one go, and what costs the loop well under a millisecond. */
const BATCH_CHARACTERS = 64 * 1024;

/** Shows a reader that the agent is there, and the agent that a reader is gone. */
const BEAT_MS = 15_000;

/** What a browser waits before it comes back. */
const RETRY_MS = 2000;

interface Entry {
  /** Only of transitions: the record's `seq`. */
  readonly id: number | undefined;
  readonly text: string;
}

interface Reader {
  readonly response: ServerResponse;
  /** Number of the next event for it, counted from the feed's first. */
  next: number;
  /** It has not taken yet what it was given. */
  isFull: boolean;
  /** It had not at the last beat either. */
  wasFull: boolean;
}

export class EventFeed {
  readonly #timers: Timers;
  #ring: Entry[] = [];
  #characters = 0;
  /** Number of the ring's first event. */
  #first = 0;
  readonly #readers = new Set<Reader>();
  #isFlushPlanned = false;
  #cancelBeat = () => {};

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get hasRoom(): boolean {
    return this.#readers.size < READERS_MAX;
  }

  /**
   * Tells every reader, soon.
   *
   * @param id Comes back as `Last-Event-ID`; must grow.
   */
  publish(event: EventName, data: object, id?: number): void {
    const text = eventText(event, data, id);
    this.#ring.push({ id, text });
    this.#characters += text.length;
    const isOver = () =>
      this.#ring.length > RING_EVENTS_MAX || this.#characters > RING_CHARACTERS_MAX;
    if (isOver()) this.#forget(isOver);
    if (this.#readers.size > 0) this.#flushSoon();
  }

  /** Makes `response` an endless answer, beginning with what came after the reader's `Last-Event-ID`. */
  attach(response: ServerResponse): void {
    const lastId = response.req.headers["last-event-id"];
    const { next, missed } = this.#resume(lastId);
    const reader: Reader = { response, next, isFull: false, wasFull: false };
    response.on("drain", () => {
      reader.isFull = false;
      this.#flushSoon();
    });
    response.on("error", () => {});
    response.once("close", () => {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#cancelBeat();
    });
    this.#readers.add(reader);
    if (this.#readers.size === 1) this.#beatLater();
    this.#give(reader, `retry: ${RETRY_MS}\n\n${missed}`);
    this.#flushSoon();
  }

  /** Tells what is left to those who can take it, and ends. */
  close(): void {
    for (const reader of this.#readers) {
      while (this.#pump(reader));
      reader.response.end();
    }
  }

  #forget(isOver: () => boolean): void {
    let gone = 0;
    while (isOver() && this.#ring.length > 1) {
      this.#characters -= this.#ring.shift()?.text.length ?? 0;
      gone += 1;
    }
    this.#first += gone;
  }

  /** Where a reader goes on, and what it is told about what nobody remembers. */
  #resume(lastId: string | string[] | undefined): { next: number; missed: string } {
    const end = this.#first + this.#ring.length;
    if (lastId === undefined) return { next: end, missed: "" };
    const id = typeof lastId === "string" && /^\d{1,15}$/.test(lastId) ? Number(lastId) : NaN;
    const at = this.#ring.findIndex((entry) => entry.id === id);
    if (at >= 0) return { next: this.#first + at + 1, missed: "" };
    const oldest = this.#ring.find((entry) => entry.id !== undefined)?.id;
    const isWhole = oldest === id + 1;
    const about = Number.isNaN(id) ? {} : { after: id };
    return { next: this.#first, missed: isWhole ? "" : eventText("missed", about, undefined) };
  }

  #flushSoon(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    // After what this turn of the loop has still to do, and one batch a turn.
    setImmediate(() => {
      this.#isFlushPlanned = false;
      let isMore = false;
      for (const reader of this.#readers) isMore = this.#pump(reader) || isMore;
      if (isMore) this.#flushSoon();
    });
  }

  /** @returns Whether there is more, and room for it. */
  #pump(reader: Reader): boolean {
    if (reader.isFull) return false;
    if (reader.next < this.#first) {
      // It did not take what it was given: what it has missed cannot be told any more.
      reader.response.destroy();
      return false;
    }
    const end = this.#first + this.#ring.length;
    let text = "";
    while (reader.next < end && text.length < BATCH_CHARACTERS) {
      text += this.#ring[reader.next - this.#first]?.text ?? "";
      reader.next += 1;
    }
    if (text !== "") this.#give(reader, text);
    return reader.next < end && !reader.isFull;
  }

  #give(reader: Reader, text: string): void {
    reader.isFull = !reader.response.write(text);
  }

  #beatLater(): void {
    this.#cancelBeat = this.#timers.after(BEAT_MS, () => {
      for (const reader of this.#readers) {
        if (reader.isFull && reader.wasFull) reader.response.destroy();
        else if (!reader.isFull) this.#give(reader, ": beat\n\n");
        reader.wasFull = reader.isFull;
      }
      this.#beatLater();
    });
  }
}

/** ASCII only: nothing in it could end a line, or be obeyed by a terminal. */
function eventText(event: EventName, data: object, id: number | undefined): string {
  const json = JSON.stringify(data).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`;
}
