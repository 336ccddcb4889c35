/** Chunks become lines, whatever ExaBGP or a peer puts into them. */
import { StringDecoder } from "node:string_decoder";

/** An UPDATE of 4096 octets as JSON with its hexadecimal body stays below this; a full listing is one route a line. */
export const LINE_LENGTH_MAX = 262_144;

export interface LineReaderHandlers {
  /** A line without its newline. */
  readonly line: (text: string) => void;
  /** A line longer than `LINE_LENGTH_MAX` ended or began to be dropped; called once for each. */
  readonly dropped: () => void;
}

/** Holds at most `LINE_LENGTH_MAX` characters and one chunk. */
export class LineReader {
  readonly #handlers: LineReaderHandlers;
  readonly #decoder = new StringDecoder("utf8");
  #pieces: string[] = [];
  #length = 0;
  #dropping = false;

  constructor(handlers: LineReaderHandlers) {
    this.#handlers = handlers;
  }

  /** @param chunk May end anywhere, also inside a character. What is no UTF-8 becomes U+FFFD. */
  push(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#add(text.slice(start, end));
      this.#finish();
      start = end + 1;
    }
    this.#add(text.slice(start));
  }

  #add(piece: string): void {
    if (this.#dropping || piece === "") return;
    this.#length += piece.length;
    if (this.#length <= LINE_LENGTH_MAX) {
      this.#pieces.push(piece);
      return;
    }
    this.#dropping = true;
    this.#pieces = [];
    this.#handlers.dropped();
  }

  #finish(): void {
    const line = this.#pieces.join("");
    const complete = !this.#dropping;
    this.#pieces = [];
    this.#length = 0;
    this.#dropping = false;
    if (complete) this.#handlers.line(line);
  }
}
