/** What operators have ordered, as they know it themselves: the oracle's own account. */
import type { Happening } from "./happenings.ts";

interface Order {
  readonly sinceMs: number;
  readonly gracefulMs: number | undefined;
  /** Infinity: until somebody ends it. */
  readonly endMs: number;
}

export interface Drained {
  readonly sinceMs: number;
  /** When the service is to be withdrawn. */
  readonly stageEndMs: number;
}

const ALL = "_all";

export class StandingOrders {
  readonly #drains = new Map<string, Order>();
  readonly #transient = new Map<string, Order>();
  readonly #pins = new Map<string, Order>();
  /** An order's dates are wrong from a step of the wall clock on: nothing is known of it. */
  readonly #vague = new Set<string>();
  readonly #changedMs = new Map<string, number>();

  happened(happening: Happening, nowMs: number): void {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- whatever else happens is no order
    switch (happening.kind) {
      case "drain": {
        const { service, how, gracefulMs, forMs, transient } = happening;
        const isOrder = how === "order";
        const order = {
          sinceMs: nowMs,
          gracefulMs: isOrder ? gracefulMs : undefined,
          endMs: isOrder && forMs !== undefined ? nowMs + forMs : Infinity,
        };
        (transient ? this.#transient : this.#drains).set(service, order);
        return this.#changed(service, nowMs);
      }
      case "undrain": {
        const { service, how } = happening;
        this.#drains.delete(service);
        if (how === "order") this.#transient.delete(service);
        return this.#changed(service, nowMs);
      }
      case "pin": {
        const { service, forMs } = happening;
        this.#pins.set(service, { sinceMs: nowMs, gracefulMs: undefined, endMs: nowMs + forMs });
        return this.#changed(service, nowMs);
      }
      case "unpin":
        this.#pins.delete(happening.service);
        return this.#changed(happening.service, nowMs);
      case "wall-step":
        for (const orders of [this.#drains, this.#transient, this.#pins]) {
          for (const [name, { gracefulMs, endMs }] of orders) {
            if (gracefulMs !== undefined || endMs < Infinity) this.#vague.add(name);
          }
          // A stage that the service has by itself is counted from the file's date.
          for (const name of orders.keys()) this.#vague.add(name);
        }
        return;
      default:
    }
  }

  /** Another ExaBGP has started an agent. */
  begunAnew(nowMs: number): void {
    for (const name of this.#transient.keys()) this.#changed(name, nowMs);
    this.#transient.clear();
  }

  /** Of all drains that are over by now: told once, and gone. @returns Names. */
  expire(nowMs: number): readonly string[] {
    const over: string[] = [];
    for (const orders of [this.#drains, this.#transient, this.#pins]) {
      for (const [name, { endMs }] of orders) {
        if (endMs > nowMs) continue;
        orders.delete(name);
        over.push(name);
        this.#changed(name, nowMs);
      }
    }
    return over;
  }

  isVague(service: string): boolean {
    return this.#vague.has(service) || this.#vague.has(ALL);
  }

  drained(service: string, drainDelayMs: number): Drained | undefined {
    const standing = [this.#drains, this.#transient].flatMap((orders) =>
      [orders.get(service), orders.get(ALL)].filter((one) => one !== undefined),
    );
    if (standing.length === 0) return undefined;
    return {
      sinceMs: Math.min(...standing.map(({ sinceMs }) => sinceMs)),
      stageEndMs: Math.min(
        ...standing.map(({ sinceMs, gracefulMs }) => sinceMs + (gracefulMs ?? drainDelayMs)),
      ),
    };
  }

  isPinned(service: string): boolean {
    return this.#pins.has(service);
  }

  /** When an order about the service last came or went. */
  changedMs(service: string): number {
    return Math.max(this.#changedMs.get(service) ?? 0, this.#changedMs.get(ALL) ?? 0);
  }

  #changed(name: string, nowMs: number): void {
    this.#changedMs.set(name, nowMs);
  }
}
