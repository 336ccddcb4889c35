/**
 * Log lines into the journal, by the stream socket that journald keeps for the output of services
 * (systemd-journald.service(8), `/run/systemd/journal/stdout`); onto stderr while journald is away.
 */
import { connect, type Socket } from "node:net";
import { SYSLOG_IDENTIFIER } from "../control/journal-entry.ts";
import type { Clock } from "./clock.ts";

/** identifier, unit (journald finds out), default priority, `<N>` prefixes, and no copies elsewhere. */
const HEADER = `${SYSLOG_IDENTIFIER}\n\n6\n1\n0\n0\n0\n`;

/** What a stalled journald may cost: some thousand lines. */
const BACKLOG_MAX_BYTES = 256 * 1024;

/** journald cuts lines at 48 KiB (LineMax=), and would read `<N>` at the beginning of the rest. */
const LINE_MAX_BYTES = 40 * 1024;

/** Until journald is tried again. */
const RETRY_MS = 5000;

/** Of pino's levels; what changes a verdict is `info`, results are `debug`. */
const PRIORITIES: Readonly<Record<string, number>> = {
  fatal: 2,
  error: 3,
  warn: 4,
  info: 6,
  debug: 7,
  trace: 7,
};

export interface JournalStreamOptions {
  /** Of the socket. */
  readonly path: string;
  readonly clock: Clock;
  /** Takes the lines that journald does not. */
  readonly fallback: { write(line: string): void };
}

export class JournalStream {
  readonly #options: JournalStreamOptions;
  #socket: Socket | undefined;
  #isConnected = false;
  /** Given to the socket, and perhaps not to journald; lines of pino. */
  #unsure: string[] = [];
  #unsureBytes = 0;
  #lost = 0;

  constructor(options: JournalStreamOptions) {
    this.#options = options;
    this.#connect();
  }

  /** Lines that are nowhere. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    const socket = this.#socket;
    if (socket === undefined) this.#options.fallback.write(line);
    else if (this.#unsureBytes + line.length > BACKLOG_MAX_BYTES) this.#lost += 1;
    else this.#send(socket, line);
  }

  /** Before exit: what has not left this process goes to the fallback. */
  rescue(): void {
    const isStuck = !this.#isConnected || (this.#socket?.writableLength ?? 0) > 0;
    if (isStuck) this.#giveBack();
  }

  #connect(): void {
    // journald closes its direction at once; ours stays open.
    const socket = connect({ path: this.#options.path, allowHalfOpen: true });
    this.#socket = socket;
    this.#isConnected = false;
    socket.unref();
    socket.on("connect", () => (this.#isConnected = true));
    // `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => this.#gone());
    socket.resume();
    socket.write(HEADER);
  }

  #send(socket: Socket, line: string): void {
    this.#unsure.push(line);
    this.#unsureBytes += line.length;
    socket.write(prefixed(line), (error) => {
      // After an error everything is given back by `close`.
      if (error !== undefined && error !== null) return;
      this.#unsure.shift();
      this.#unsureBytes -= line.length;
      if (this.#unsure.length === 0) this.#tellLosses(socket);
    });
  }

  #tellLosses(socket: Socket): void {
    if (this.#lost === 0) return;
    const time = new Date(this.#options.clock.wallMs()).toISOString();
    const lost = this.#lost;
    this.#lost = 0;
    this.#send(socket, `${JSON.stringify({ level: "warn", time, lost, msg: "log lines lost" })}\n`);
  }

  #gone(): void {
    this.#socket = undefined;
    this.#giveBack();
    this.#options.clock.after(RETRY_MS, () => this.#connect());
  }

  #giveBack(): void {
    const lines = this.#unsure;
    this.#unsure = [];
    this.#unsureBytes = 0;
    for (const line of lines) this.#options.fallback.write(line);
  }
}

/** `<N>` and the line, short enough for journald to take it as one. */
function prefixed(line: string): string {
  const level = /^\{"level":"([a-z]+)"/.exec(line)?.[1] ?? "";
  const text = `<${PRIORITIES[level] ?? 6}>${line}`;
  if (Buffer.byteLength(text) <= LINE_MAX_BYTES) return text;
  // Cut within a character: the decoder puts its sign there.
  return `${Buffer.from(text).toString("utf8", 0, LINE_MAX_BYTES)}...\n`;
}
