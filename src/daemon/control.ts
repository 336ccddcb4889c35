/** The control socket of this agent: tried again until it listens. */
import {
  startControlServer,
  type ControlServer,
  type ControlServerOptions,
} from "../control/server.ts";
import type { Problems } from "./problems.ts";

/** How soon another agent's socket, or what stands in its place, may be gone. */
const LISTEN_AGAIN_MS = 5000;

export class Control {
  readonly #options: ControlServerOptions;
  readonly #problems: Problems;
  #server: ControlServer | undefined;
  #cancel = () => {};

  constructor(options: Omit<ControlServerOptions, "problem">, problems: Problems) {
    this.#problems = problems;
    this.#options = { ...options, problem: (detail) => problems.report("control-socket", detail) };
  }

  /** Resolves after the first try. Without its socket the agent does its work all the same. */
  async listen(): Promise<void> {
    try {
      this.#server = await startControlServer(this.#options);
      this.#problems.clear("control-socket");
    } catch (error) {
      this.#problems.report("control-socket", String(error));
      this.#cancel = this.#options.timers.after(LISTEN_AGAIN_MS, () => void this.listen());
    }
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#server?.close();
  }
}
