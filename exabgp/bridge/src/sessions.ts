/** The BGP sessions as last heard: events, and listings that fill in what happened before this process. */
import type { SessionEvent } from "./decode.ts";

/** ExaBGP is configured with fewer neighbors; what is heard beyond is not kept. */
const NEIGHBORS_MAX = 4096;

export class Sessions {
  readonly #known = new Map<string, SessionEvent>();
  #listed: Map<string, SessionEvent> | undefined;

  get all(): ReadonlyMap<string, SessionEvent> {
    return this.#known;
  }

  /** @returns The event, or undefined when it does not change what is known. */
  heard(event: SessionEvent): SessionEvent | undefined {
    const before = this.#known.get(event.neighbor);
    if (before === undefined && this.#known.size >= NEIGHBORS_MAX) return undefined;
    this.#known.set(event.neighbor, event);
    return before?.state === event.state ? undefined : event;
  }

  startListing(): void {
    this.#listed = new Map();
  }

  /** Rows of the listing; ignored outside of one. */
  list(rows: readonly SessionEvent[]): void {
    for (const row of rows) {
      if (this.#listed !== undefined && this.#listed.size < NEIGHBORS_MAX) {
        this.#listed.set(row.neighbor, row);
      }
    }
  }

  /**
   * @param isWhole Whether the end of the listing was seen. 4.2 leaves out neighbors that are down, so
   * one that is missing in a whole listing is down.
   * @returns What changed.
   */
  endListing(isWhole: boolean): SessionEvent[] {
    const listed = this.#listed ?? new Map<string, SessionEvent>();
    this.#listed = undefined;
    const missing = [...this.#known.values()]
      .filter(({ neighbor }) => isWhole && !listed.has(neighbor))
      .map(({ neighbor }): SessionEvent => ({ neighbor, state: "down", reason: "not listed" }));
    return [...listed.values(), ...missing].flatMap((event) => this.#changed(event));
  }

  /** `connected` is a kind of down for a listing, and tells more. */
  #changed(event: SessionEvent): SessionEvent[] {
    const before = this.#known.get(event.neighbor);
    if (before !== undefined && (before.state === "up") === (event.state === "up")) return [];
    const change = this.heard(event);
    return change === undefined ? [] : [change];
  }
}
