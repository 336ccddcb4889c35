/** What ExaBGP says it has sent: the echo that `api { send { parsed; update; } }` gives, per prefix and neighbor. */
import type { SessionEvent, UpdateEvent } from "exabgp-ts-bridge";
import type { EchoedUpdate, Wire } from "../core/drift.ts";
import type { SentUpdate } from "../core/status.ts";
import type { Clock } from "./clock.ts";

/** As many prefixes as a configuration may have, to five neighbors; 20 MB. The oldest are forgotten first. */
const ENTRIES_MAX = 100_000;

export class Echo {
  readonly #clock: Pick<Clock, "wallMs" | "nowMs">;
  readonly #isOurs: (prefix: string) => boolean;
  /** By prefix and neighbor, in the order in which they were heard. */
  readonly #sent = new Map<string, SentUpdate & { readonly prefix: string }>();
  /** The same by prefix. No list is ever changed: another takes its place, so that a copy of the map stays as it was. */
  readonly #lists = new Map<string, readonly SentUpdate[]>();
  /** As `#lists`, by the monotonic clock. */
  readonly #echoed = new Map<string, readonly EchoedUpdate[]>();
  readonly #lastMs = new Map<string, number>();
  #isHeard = false;

  /** @param isOurs ExaBGP echoes the routes of other processes and its own too: a whole table, perhaps. */
  constructor(clock: Pick<Clock, "wallMs" | "nowMs">, isOurs: (prefix: string) => boolean) {
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
    for (const [key, sent] of this.#sent) if (sent.neighbor === neighbor) this.#forget(key, sent);
  }

  /** The last UPDATE for each of our prefixes, one entry per neighbor. */
  byPrefix(): ReadonlyMap<string, readonly SentUpdate[]> {
    return new Map(this.#lists);
  }

  /** The same for comparisons, as it is now: to be read at once. */
  heard(): Pick<Wire, "sent" | "sentAtMs"> {
    return { sent: this.#echoed, sentAtMs: this.#lastMs };
  }

  /** The last UPDATE for one of them to each neighbor. */
  of(prefix: string): readonly SentUpdate[] {
    return this.#lists.get(prefix) ?? [];
  }

  #put(prefix: string, sent: SentUpdate): void {
    if (!this.#isOurs(prefix)) return;
    const key = `${prefix} ${sent.neighbor}`;
    const known = this.#sent.get(key);
    if (known !== undefined) this.#forget(key, known);
    this.#sent.set(key, { prefix, ...sent });
    this.#lists.set(prefix, [...(this.#lists.get(prefix) ?? []), sent]);
    const { neighbor, action } = sent;
    const atMs = this.#clock.nowMs();
    this.#echoed.set(prefix, [...(this.#echoed.get(prefix) ?? []), { neighbor, action, atMs }]);
    this.#lastMs.set(neighbor, atMs);
    if (this.#sent.size <= ENTRIES_MAX) return;
    const [oldest] = this.#sent;
    if (oldest !== undefined) this.#forget(...oldest);
  }

  #forget(
    key: string,
    { prefix, neighbor }: { readonly prefix: string; readonly neighbor: string },
  ): void {
    this.#sent.delete(key);
    without(this.#lists, prefix, neighbor);
    without(this.#echoed, prefix, neighbor);
  }
}

function without<T extends { readonly neighbor: string }>(
  lists: Map<string, readonly T[]>,
  prefix: string,
  neighbor: string,
): void {
  const rest = (lists.get(prefix) ?? []).filter((one) => one.neighbor !== neighbor);
  if (rest.length === 0) lists.delete(prefix);
  else lists.set(prefix, rest);
}
