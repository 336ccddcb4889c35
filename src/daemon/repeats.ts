/**
 * Records of commands that ExaBGP had refused or not answered, and has taken when they were repeated: they belong to no
 * decision any more, and without them nobody could say later when the wire became what had been decided.
 */
import type { Settlement } from "exabgp-ts-bridge";
import type { Occurrence } from "./audit.ts";
import type { Clock } from "./clock.ts";
import { answersOf } from "./settlements.ts";

/** A thousand prefixes of a service that come together are one record: ExaBGP answers them in less. */
const GATHER_MS = 1000;

interface Gathered {
  readonly prefixes: string[];
  readonly settled: Settlement[];
}

export class Repeats {
  readonly #clock: Pick<Clock, "after">;
  readonly #occurred: (fields: Occurrence) => void;
  readonly #gathered = new Map<string | undefined, Gathered>();
  #cancel = () => {};

  constructor(clock: Pick<Clock, "after">, occurred: (fields: Occurrence) => void) {
    this.#clock = clock;
    this.#occurred = occurred;
  }

  /** @param service The first that names `prefix`; undefined: none does any more. */
  add(prefix: string, service: string | undefined, settlement: Settlement): void {
    if (this.#gathered.size === 0) {
      this.#cancel = this.#clock.after(GATHER_MS, () => this.flush());
    }
    const gathered = this.#gathered.get(service) ?? { prefixes: [], settled: [] };
    this.#gathered.set(service, gathered);
    gathered.prefixes.push(prefix);
    gathered.settled.push(settlement);
  }

  /** Hands over what has been gathered: before exit. */
  flush(): void {
    this.#cancel();
    for (const [service, { prefixes, settled }] of this.#gathered) {
      this.#occurred({
        ...(service !== undefined && { service }),
        reason: "repeated",
        actor: "agent",
        prefixes,
        ...answersOf(settled),
      });
    }
    this.#gathered.clear();
  }
}
