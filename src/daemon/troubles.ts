/** Whether what is announced is heard, and has an address here. */
import type { Bridge } from "exabgp-ts-bridge";
import { createOwnAddresses, type OwnAddresses } from "../../checks/own-addresses.ts";
import type { AgentState } from "../core/state.ts";
import { AddressTrouble } from "./address-trouble.ts";
import type { Clock } from "./clock.ts";
import { NEIGHBOR_TROUBLES, NeighborTroubles } from "./neighbor-trouble.ts";
import type { Problems } from "./problems.ts";
import { SessionTroubles } from "./session-trouble.ts";

/** Addresses come and go seldom, and listing a thousand takes 2 ms. */
const ADDRESSES_MS = 3000;

export interface TroublesOptions {
  readonly clock: Clock;
  readonly problems: Problems;
  readonly bridge: Pick<Bridge, "status">;
  readonly ownAddresses?: OwnAddresses;
}

export class Troubles {
  readonly #options: TroublesOptions;
  readonly #sessions = new SessionTroubles();
  readonly #neighbors = new NeighborTroubles();
  readonly #addresses: AddressTrouble;
  #addressesMs = -Infinity;

  constructor(options: TroublesOptions) {
    this.#options = options;
    const { clock, ownAddresses = createOwnAddresses(clock) } = options;
    this.#addresses = new AddressTrouble(ownAddresses, () => clock.nowMs());
  }

  /** To be called every second or so. */
  look(current: AgentState): void {
    const { clock, problems, bridge } = this.#options;
    const { phase, sessions } = bridge.status();
    // Without answers ExaBGP tells of no session either; that is a problem of its own.
    if (phase !== "ready") return;
    const nowMs = clock.nowMs();
    const found = this.#sessions.judge(current, sessions, nowMs);
    for (const word of ["all-sessions-down", "session-down"] as const) {
      problems.state(word, found.find((one) => one.word === word)?.detail);
    }
    const unheard = this.#neighbors.judge(current);
    for (const word of NEIGHBOR_TROUBLES) problems.state(word, unheard[word]);
    const isDue = nowMs - this.#addressesMs >= ADDRESSES_MS;
    if (!isDue && !this.#addresses.isUnfinished) return;
    this.#addressesMs = nowMs;
    problems.state("address-missing", this.#addresses.judge(current));
  }
}
