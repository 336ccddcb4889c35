/** `watch: true`: one idle connection to the target, whose end says at once that something happened there. */
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { BackOff } from "./back-off.ts";
import { connectOptions, isSelf } from "./connect.ts";
import type { ProbeContext } from "./context.ts";
import type { Heard, Listen, Listener } from "./listen.ts";
import type { Timers } from "./timers.ts";

/**
 * Where to connect, looked up anew each time; undefined: that is not known now. When the signal aborts, nobody
 * waits any more.
 */
export type FindTarget = (signal: AbortSignal) => Promise<NetConnectOpts | undefined>;

/** A server that ends idle connections after a second causes seven events in two minutes, then one a minute. */
const PAUSES = { firstMs: 100, maxMs: 60_000 };

/** Nobody is disturbed by a try that fails: a service that is back after an hour is soon watched again. */
const FAILED_MAX_MS = 5000;

/** Servers that end idle connections commonly do after 15 s or more: with these the first pause is enough. */
const STEADY_MS = 10_000;

/** Names included. The kernel would try for two minutes. */
const CONNECT_MAX_MS = 5000;

/** Greetings have some hundred bytes. Whoever sends more is not idle, and his bytes would cost the agent time. */
const DISCARDED_MAX_BYTES = 64 * 1024;

/**
 * Never sends anything. Has one descriptor at most: while it waits to connect again, none. When the other end closes
 * (FIN) or resets, that is an event; when nothing can be connected, it is not, and neither is it when the server talks
 * without end: then the connection is given up and tried again later.
 */
export function holdConnection(find: FindTarget, timers: Timers): Listen {
  return (heard) => new HeldConnection(find, timers, heard);
}

/** As `holdConnection`, to a port of an address or name. */
export function holdTcp(host: string, port: number, { resolver, timers }: ProbeContext): Listen {
  return holdConnection(async (signal) => {
    const resolved = await resolver.resolve(host, signal);
    if ("failure" in resolved) return undefined;
    return { host, port, ...connectOptions(resolved.addresses) };
  }, timers);
}

class HeldConnection implements Listener {
  readonly #find: FindTarget;
  readonly #timers: Timers;
  readonly #heard: Heard;
  readonly #backOff: BackOff;
  #abort = new AbortController();
  #cancelTimeout = () => {};
  #socket: Socket | undefined;
  /** Since when it stands, in milliseconds, and to whom; undefined: it does not. */
  #standing: { readonly sinceMs: number; readonly peer: string } | undefined;
  #discardedBytes = 0;

  constructor(find: FindTarget, timers: Timers, heard: Heard) {
    this.#find = find;
    this.#timers = timers;
    this.#heard = heard;
    this.#backOff = new BackOff(PAUSES, timers);
    void this.#open();
  }

  get isListening(): boolean {
    return this.#standing !== undefined;
  }

  close(): void {
    this.#backOff.cancel();
    this.#drop();
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#cancelTimeout = this.#timers.after(CONNECT_MAX_MS, () => this.#failed());
    let target: NetConnectOpts | undefined;
    try {
      target = await this.#find(abort.signal);
    } catch {
      // As a name that is not known now.
    }
    if (abort.signal.aborted) return;
    if (target === undefined) this.#failed();
    else this.#connect(target);
  }

  #connect(target: NetConnectOpts): void {
    // Half open, so that a FIN is answered by `#drop`, not with a FIN of Node.js.
    const socket = connect({ ...target, allowHalfOpen: true });
    this.#socket = socket;
    socket.once("connect", () => this.#connected(socket));
    socket.on("data", ({ length }: Buffer) => this.#discard(length));
    socket.once("end", () => this.#ended("closed"));
    socket.on("error", () => this.#ended("reset"));
  }

  #connected(socket: Socket): void {
    // It would keep the service from getting its port back.
    if (isSelf(socket)) {
      this.#failed();
      return;
    }
    this.#cancelTimeout();
    // After a reset the kernel does not know it any more.
    const { remoteAddress: address, remotePort: port } = socket;
    const peer = address === undefined ? "the other end" : `${address} port ${port}`;
    this.#standing = { sinceMs: this.#timers.nowMs(), peer };
    this.#discardedBytes = 0;
  }

  #discard(bytes: number): void {
    this.#discardedBytes += bytes;
    if (this.#discardedBytes <= DISCARDED_MAX_BYTES) return;
    this.#drop();
    this.#backOff.tryAgain(() => void this.#open());
  }

  /** It could not be connected, or what was connected has ended. */
  #ended(how: "closed" | "reset"): void {
    if (this.#standing === undefined) {
      this.#failed();
      return;
    }
    const { sinceMs, peer } = this.#standing;
    const stoodMs = this.#timers.nowMs() - sinceMs;
    this.#drop();
    if (stoodMs > STEADY_MS) this.#backOff.reset();
    this.#backOff.tryAgain(() => void this.#open());
    this.#heard("connection-lost", `${how} by ${peer} after ${(stoodMs / 1000).toFixed(1)} s`);
  }

  #failed(): void {
    this.#drop();
    this.#backOff.tryAgain(() => void this.#open(), FAILED_MAX_MS);
  }

  #drop(): void {
    this.#abort.abort();
    this.#cancelTimeout();
    this.#standing = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.removeAllListeners().on("error", () => undefined);
    // RST: no TIME_WAIT at either end, which would keep a server without SO_REUSEADDR from its own port. Unix sockets
    // have neither.
    if (socket.remoteFamily === undefined) socket.destroy();
    else socket.resetAndDestroy();
  }
}
