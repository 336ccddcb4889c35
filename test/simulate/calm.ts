/** Since when nothing has disturbed the agent and its ExaBGP: what must hold then, holds a known time later. */
import type { Happening } from "./happenings.ts";

/** ExaBGP says what it is, is asked what it holds, and takes what is withdrawn. */
const START_MS = 15_000;

/** A withdrawal that was refused or not answered rests up to half a minute, and an answer is waited for 5 s. */
const RETRY_MS = 45_000;

/** After listings that did not end, or took long, the next one rests up to 5 min; a repair that did not help too. */
const REST_MAX_MS = 310_000;

/** While a check contradicts its verdict a listing is put off: so many intervals at most. */
const INTERVALS = 7;

/** After a change of sessions, and after a reload. */
const SETTLE_MS = 6000;

export class Calm {
  readonly #reconcileMs: number;
  #withdrawalFromMs = 0;
  #equalFromMs = 0;
  #mendedFromMs = 0;

  constructor(reconcileMs: number) {
    this.#reconcileMs = reconcileMs;
  }

  /** From when on withdrawals must be on the wire within their bound. */
  get withdrawalFromMs(): number {
    return this.#withdrawalFromMs;
  }

  /** From when on the wire must be what the states say. */
  get equalFromMs(): number {
    return this.#equalFromMs;
  }

  /** From when on nothing is left to be mended. */
  get mendedFromMs(): number {
    return this.#mendedFromMs;
  }

  /** Another life of the agent begins, or ExaBGP has come back. */
  began(nowMs: number): void {
    this.#until(nowMs, START_MS, START_MS + 2 * this.#reconcileMs);
  }

  /** ExaBGP is started anew. */
  restarted(nowMs: number): void {
    this.#until(nowMs, START_MS, REST_MAX_MS + INTERVALS * this.#reconcileMs);
  }

  session(nowMs: number): void {
    this.#until(nowMs, SETTLE_MS, SETTLE_MS + 2 * this.#reconcileMs);
  }

  happened(happening: Happening, nowMs: number): void {
    const mendMs = REST_MAX_MS + INTERVALS * this.#reconcileMs;
    switch (happening.kind) {
      case "hang":
      case "slow":
      case "lose":
      case "refuse":
        return this.#until(nowMs + happening.ms, RETRY_MS, mendMs + RETRY_MS);
      case "stale":
        return this.#until(nowMs, RETRY_MS, mendMs + RETRY_MS);
      case "stall":
        return this.#until(nowMs + happening.ms, RETRY_MS, mendMs + RETRY_MS, false);
      case "others":
        return this.#until(nowMs, mendMs, mendMs);
      case "exabgp-crash":
        return this.#until(nowMs + happening.downMs, START_MS, mendMs);
      case "session":
        return this.#until(nowMs + happening.downMs, SETTLE_MS, SETTLE_MS + 2 * this.#reconcileMs);
      case "kill":
      case "kill-writing":
      case "terminate":
        return this.began(nowMs);
      case "reload":
        return this.#until(nowMs, SETTLE_MS, SETTLE_MS);
      case "target":
      case "rattle":
      case "drain":
      case "undrain":
      case "pin":
      case "unpin":
      case "disk-full":
      case "wall-step":
    }
  }

  #until(nowMs: number, withdrawalMs: number, equalMs: number, isMending = true): void {
    this.#withdrawalFromMs = Math.max(this.#withdrawalFromMs, nowMs + withdrawalMs);
    this.#equalFromMs = Math.max(this.#equalFromMs, nowMs + equalMs);
    if (isMending) this.#mendedFromMs = Math.max(this.#mendedFromMs, nowMs + equalMs);
  }
}
