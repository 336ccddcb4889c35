/** BGP sessions in the log: a neighbor that cannot be reached is tried every few seconds, and said once. */
import type { SessionEvent } from "exabgp-ts-bridge";
import type { Log } from "./log.ts";

export class SessionLog {
  readonly #log: Log;
  readonly #changed: (event: SessionEvent) => void;
  readonly #last = new Map<string, SessionEvent["state"]>();

  /** @param changed A session is up, or is not any more. */
  constructor(log: Log, changed: (event: SessionEvent) => void = () => {}) {
    this.#log = log;
    this.#changed = changed;
  }

  heard(event: SessionEvent): void {
    const { neighbor, state, reason } = event;
    const fields = { neighbor, state, reason };
    // A TCP connection alone carries no routes.
    if (state === "connected" || this.#last.get(neighbor) === state) {
      this.#log.debug(fields, "session event");
      return;
    }
    this.#last.set(neighbor, state);
    this.#log[state === "up" ? "info" : "warn"](fields, "session changed");
    this.#changed(event);
  }
}
