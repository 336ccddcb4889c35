/** One connection to a bus: it says who it is, asks, and hears answers and signals. */
import { connect, type Socket } from "node:net";
import {
  asText,
  type Call,
  decodeMessage,
  encodeCall,
  ERROR,
  type Message,
  messageLength,
  METHOD_RETURN,
  SIGNAL,
} from "./dbus-message.ts";
import type { Timers } from "./timers.ts";

/** What the bus, or who was asked on it, refused; or why the bus is gone. */
export class BusError extends Error {
  /** As in `org.freedesktop.DBus.Error.AccessDenied`; empty when there was no answer. */
  readonly dbusName: string;

  constructor(message: string, dbusName = "") {
    super(message);
    this.dbusName = dbusName;
  }
}

interface Pending {
  readonly resolve: (answer: Message) => void;
  readonly reject: (error: BusError) => void;
}

export interface ConnectionOptions {
  readonly path: string;
  readonly timers: Timers;
  readonly signal: (message: Message) => void;
  /** Once, with the reason; also when it never was connected. */
  readonly closed: (error: BusError) => void;
}

/** A bus that is well answers in a millisecond. */
const GREET_MAX_MS = 5000;

/** RFC 4422 lines of a bus have some dozen bytes. */
const LINE_MAX_BYTES = 1024;

const BUS = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
} as const;

/** A call to the bus itself. */
export function callToBus(member: string, ...args: string[]): Call {
  return { ...BUS, member, args };
}

/** Keeps no process alive by itself. */
export class BusConnection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  /** What is written as soon as the bus has agreed to us. */
  #unsent: Buffer[] = [Buffer.from("BEGIN\r\n")];
  #unread: Buffer = Buffer.alloc(0);
  #isGreeted = false;
  #isClosed = false;
  #serial = 0;
  readonly #cancelGreeting: () => void;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = connect({ path: options.path });
    this.#socket.unref();
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes));
    this.#socket.on("error", (error) => this.close(error.message));
    this.#socket.on("close", () => this.close("the bus has closed the connection"));
    this.#cancelGreeting = options.timers.after(GREET_MAX_MS, () =>
      this.close("the bus is silent"),
    );
    // The kernel knows who we are; the number in hex digits must be the same (SASL EXTERNAL, RFC 4422 appendix A).
    const uid = Buffer.from(String(process.geteuid?.() ?? 0)).toString("hex");
    this.#socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
    // The first message of all; the answer is our name, which nobody needs.
    this.call(callToBus("Hello")).catch((error: unknown) => this.close(String(error)));
  }

  /** Rejects with a `BusError`. Waits without limit: whoever calls has one. */
  call(call: Call): Promise<Message> {
    if (this.#isClosed) return Promise.reject(new BusError("the connection is closed"));
    this.#serial += 1;
    const serial = this.#serial;
    const bytes = encodeCall(call, serial);
    if (this.#isGreeted) this.#socket.write(bytes);
    else this.#unsent.push(bytes);
    return new Promise((resolve, reject) => this.#pending.set(serial, { resolve, reject }));
  }

  close(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelGreeting();
    this.#socket.destroy();
    const error = new BusError(why);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#options.closed(error);
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    try {
      if (!this.#isGreeted) this.#greet();
      while (this.#isGreeted && !this.#isClosed) {
        const length = messageLength(this.#unread);
        if (length === undefined || this.#unread.length < length) return;
        const message = decodeMessage(this.#unread.subarray(0, length));
        this.#unread = this.#unread.subarray(length);
        this.#take(message);
      }
    } catch (error) {
      // Where the next message begins is not known any more.
      this.close(error instanceof Error ? error.message : String(error));
    }
  }

  #greet(): void {
    const end = this.#unread.indexOf("\r\n");
    if (end < 0) {
      if (this.#unread.length > LINE_MAX_BYTES) this.close("the bus does not greet");
      return;
    }
    const line = this.#unread.toString("latin1", 0, end);
    this.#unread = this.#unread.subarray(end + 2);
    if (!line.startsWith("OK ")) {
      this.close(`the bus refuses us: ${line}`);
      return;
    }
    this.#isGreeted = true;
    this.#cancelGreeting();
    this.#socket.write(Buffer.concat(this.#unsent));
    this.#unsent = [];
  }

  #take(message: Message): void {
    if (message.type === SIGNAL) this.#options.signal(message);
    if (message.type !== METHOD_RETURN && message.type !== ERROR) return;
    const pending = this.#pending.get(message.replySerial);
    this.#pending.delete(message.replySerial);
    if (message.type === METHOD_RETURN) pending?.resolve(message);
    else pending?.reject(new BusError(asText(message.body[0]), message.error));
  }
}
