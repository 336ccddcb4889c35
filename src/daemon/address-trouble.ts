/** Announced, but the address is missing: prefixes of which this host has no address. */
import { keyRange, type KeyRange } from "../../checks/address-key.ts";
import type { OwnAddresses } from "../../checks/own-addresses.ts";
import { isAnnounced } from "../core/routes.ts";
import type { AgentState } from "../core/state.ts";

/** How long the loop is kept at once: ten thousand prefixes take some turns. */
const SLICE_MS = 1;

const SHOWN_MAX = 3;

export class AddressTrouble {
  readonly #ownAddresses: OwnAddresses;
  readonly #nowMs: () => number;
  readonly #ranges = new Map<string, KeyRange | undefined>();
  /** Prefixes still to be looked for in this round. */
  #left: string[] = [];
  #missing: string[] = [];
  #detail: string | undefined;

  constructor(ownAddresses: OwnAddresses, nowMs: () => number) {
    this.#ownAddresses = ownAddresses;
    this.#nowMs = nowMs;
  }

  /** Whether a round goes on with the next look. */
  get isUnfinished(): boolean {
    return this.#left.length > 0;
  }

  /** @returns What the last whole round has found; undefined: every prefix has an address. */
  judge(state: AgentState): string | undefined {
    if (this.#left.length === 0) this.#left = lookedFor(state);
    const untilMs = this.#nowMs() + SLICE_MS;
    try {
      for (let prefix = this.#left.pop(); prefix !== undefined; prefix = this.#left.pop()) {
        if (!this.#has(prefix)) this.#missing.push(prefix);
        if (this.#nowMs() > untilMs && this.#left.length > 0) return this.#detail;
      }
    } catch {
      // The kernel does not list them now: nothing was seen, so nothing is missing.
      this.#missing = [];
      this.#left = [];
      return this.#detail;
    }
    this.#detail = detailOf(this.#missing.toSorted());
    this.#missing = [];
    return this.#detail;
  }

  #has(prefix: string): boolean {
    if (!this.#ranges.has(prefix)) this.#ranges.set(prefix, keyRange(prefix));
    const range = this.#ranges.get(prefix);
    return range === undefined || this.#ownAddresses.has(range, undefined);
  }
}

/** A service with an `address` check says itself which addresses it needs. */
function lookedFor({ index, routes }: AgentState): string[] {
  const prefixes = index.plan.services.flatMap(({ checks, routes: own }) =>
    checks.some(({ spec }) => spec.type === "address") ? [] : own.map(({ prefix }) => prefix),
  );
  return [...new Set(prefixes)].filter((prefix) => {
    const route = routes.get(prefix);
    return route !== undefined && isAnnounced(route);
  });
}

function detailOf(missing: readonly string[]): string | undefined {
  if (missing.length === 0) return undefined;
  const more = missing.length - SHOWN_MAX;
  const rest = more > 0 ? ` and ${more} more` : "";
  return `no interface has an address of ${missing.slice(0, SHOWN_MAX).join(", ")}${rest}, announced all the same`;
}
