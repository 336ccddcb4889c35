/** The TCP listener of this agent, if one is configured: tried again until it listens, moved by a reload. */
import type { ListenAddress } from "../config/listen.ts";
import type { ServeOptions } from "../control/server.ts";
import { startTcpServer, type TcpServer } from "../control/tcp-server.ts";
import type { Problems } from "./problems.ts";

/** How soon the port may be free, or the address be on an interface. */
const LISTEN_AGAIN_MS = 5000;

export class HttpListener {
  readonly #options: ServeOptions;
  readonly #problems: Problems;
  #wanted: ListenAddress | undefined;
  #server: TcpServer | undefined;
  #cancel = () => {};
  /** One change after the other: a port must be given back before it is taken again. */
  #changing: Promise<void> = Promise.resolve();

  constructor(options: Omit<ServeOptions, "problem">, problems: Problems) {
    this.#problems = problems;
    this.#options = { ...options, problem: (detail) => problems.report("http-listener", detail) };
  }

  /** Listens there from now on, and nowhere else. Resolves after the first try. */
  listen(wanted: ListenAddress | undefined): Promise<void> {
    if (wanted?.host === this.#wanted?.host && wanted?.port === this.#wanted?.port) {
      return this.#changing;
    }
    this.#wanted = wanted;
    this.#cancel();
    this.#changing = this.#changing.then(() => this.#move(wanted));
    return this.#changing;
  }

  async close(): Promise<void> {
    await this.listen(undefined);
  }

  async #move(wanted: ListenAddress | undefined): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
    if (wanted === undefined) this.#problems.clear("http-listener");
    // A later call has its own turn.
    else if (wanted === this.#wanted) await this.#start(wanted);
  }

  /** Without it the agent does its work all the same. */
  async #start(wanted: ListenAddress): Promise<void> {
    try {
      this.#server = await startTcpServer({ ...this.#options, ...wanted });
      this.#problems.clear("http-listener");
    } catch (error) {
      this.#problems.report("http-listener", `Cannot listen: ${String(error)}`);
      if (wanted !== this.#wanted) return;
      this.#cancel = this.#options.timers.after(LISTEN_AGAIN_MS, () => {
        this.#changing = this.#changing.then(() => this.#move(wanted));
      });
    }
  }
}
