/** What ExaBGP says it has sent: the echo that `api { send { parsed; update; } }` gives, per prefix and neighbor. */
import type { SessionEvent, UpdateEvent } from "exabgp-ts-bridge";
import type { SentUpdate } from "../core/status.ts";
import type { Clock } from "./clock.ts";

/** As many prefixes as a configuration may have, to five neighbors; 10 MB. The oldest are forgotten first. */
const ENTRIES_MAX = 50_000;

export class Echo {
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #isOurs: (prefix: string) => boolean;
  /** By prefix and neighbor, in the order in which they were heard. */
  readonly #sent = new Map<string, SentUpdate & { readonly prefix: string }>();
  #isHeard = false;

  /** @param isOurs ExaBGP echoes the routes of other processes and its own too: a whole table, perhaps. */
  constructor(clock: Pick<Clock, "wallMs">, isOurs: (prefix: string) => boolean) {
    this.#clock = clock;
    this.#isOurs = isOurs;
  }

  /** `unknown`: not configured, or nothing has been sent in this life of the agent. */
  get state(): "on" | "unknown" {
    return this.#isHeard ? "on" : "unknown";
  }

  update({ neighbor, direction, announced, withdrawn }: UpdateEvent): void {
    if (direction !== "send") return;
    this.#isHeard = true;
    const at = new Date(this.#clock.wallMs()).toISOString();
    // RFC 4271 section 4.3: a prefix that is in both lists of one UPDATE is announced.
    for (const prefix of withdrawn) this.#put(prefix, { neighbor, action: "withdraw", at });
    for (const { prefix } of announced) this.#put(prefix, { neighbor, action: "announce", at });
  }

  /** A neighbor whose session is down holds nothing of what it was sent. */
  session({ neighbor, state }: SessionEvent): void {
    if (state !== "down") return;
    for (const [key, sent] of this.#sent) if (sent.neighbor === neighbor) this.#sent.delete(key);
  }

  /** The last UPDATE for each of our prefixes, one entry per neighbor. */
  byPrefix(): ReadonlyMap<string, readonly SentUpdate[]> {
    const found = new Map<string, SentUpdate[]>();
    for (const { prefix, ...sent } of this.#sent.values()) {
      const list = found.get(prefix);
      if (list === undefined) found.set(prefix, [sent]);
      else list.push(sent);
    }
    return found;
  }

  #put(prefix: string, sent: SentUpdate): void {
    if (!this.#isOurs(prefix)) return;
    const key = `${prefix} ${sent.neighbor}`;
    this.#sent.delete(key);
    this.#sent.set(key, { prefix, ...sent });
    if (this.#sent.size <= ENTRIES_MAX) return;
    const [oldest] = this.#sent.keys();
    if (oldest !== undefined) this.#sent.delete(oldest);
  }
}
