/**
 * Tells systemd that all is well, from what proves it, and never because time has passed: this runs on the agent's own
 * loop, probes bring results into the core, and ExaBGP answers. Without a ping systemd ends ExaBGP, and the agent with
 * it: its sessions drop, so the PoP is out.
 */
import type { Bridge } from "exabgp-ts-bridge";
import type { Clock } from "./clock.ts";
import type { Loop } from "./loop.ts";
import type { Notifier } from "./notify.ts";
import { ProbeProgress } from "./probe-progress.ts";
import { Pulse } from "./pulse.ts";

/**
 * Why there is no ping:
 * - `exabgp-silent`: ExaBGP has answered nothing for 2 s, twice.
 * - `probes-stopped`: a check has had no result for 10 s longer than its interval and timeouts allow.
 * - `idle-too-long`: it idles or starts for longer than it may.
 */
export type Withheld = "exabgp-silent" | "probes-stopped" | "idle-too-long";

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly notifier: Notifier;
  /** Without a ping for this long systemd ends ExaBGP; undefined: it does not. */
  readonly watchdogMs: number | undefined;
  readonly bridge: Pick<Bridge, "ping" | "status">;
  /** Whether the attempt of a check waits for others to end. */
  readonly isWaiting: (check: string) => boolean;
  /** How the agent is, in one line. */
  readonly how: () => string;
  /** Why no ping is sent; undefined when they are. */
  readonly problem: (detail: string | undefined) => void;
}

export interface WatchdogCounts {
  readonly pings: number;
  /** undefined: pings are sent. */
  readonly withheld: Withheld | undefined;
}

/** A ping is sent this often in the time that systemd waits for one: two may be lost, or late. */
const PINGS = 3;

const LOOK_MS = 250;

/** What is looked at for all services and checks, and told to systemd, at most this often. */
const LOOK_AT_ALL_MS = 1000;

/** A tick so late was a standstill: answers that came meanwhile are not read yet. */
const STALL_MS = 1000;

/** An agent that does not work for longer is of no use: ExaBGP is to be started anew. */
const IDLE_MAX_MS = 120_000;

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #pulse: Pulse;
  readonly #progress = new ProbeProgress();
  #loop: Pick<Loop, "state"> | undefined;
  /** What it idles for, in closed words; undefined: it starts or works. */
  #idleFor: string | undefined;
  /** Until when it may, in the time that this process has run. */
  #idleEndMs = IDLE_MAX_MS;
  #tickMs = 0;
  /** For how long this process has run. */
  #awakeMs = 0;
  #lookedAtAllMs = -Infinity;
  #overdue: string | undefined;
  #pingedMs = -Infinity;
  #pings = 0;
  #withheld: Withheld | undefined;
  #told: string | undefined;
  #cancel = () => {};

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#pulse = new Pulse(() => options.bridge.ping());
  }

  get counts(): WatchdogCounts {
    return { pings: this.#pings, withheld: this.#withheld };
  }

  /** From now on the loop's beat is enough, for 2 min: there is nothing else yet that could prove anything. */
  start(): void {
    this.#tickMs = this.#options.clock.nowMs();
    this.#tick();
  }

  /**
   * The agent does not work for a while, and says so.
   *
   * @param what Closed words, such as `crash-loop: idles 15 s`; undefined: it goes on with its start.
   * @param maxMs How long the loop's beat is enough from now on.
   */
  idle(what: string | undefined, maxMs = IDLE_MAX_MS): void {
    this.#idleFor = what;
    this.#idleEndMs = this.#awakeMs + maxMs;
    this.#tellStatus();
  }

  /** The agent's start is over. */
  ready(loop: Pick<Loop, "state">): void {
    this.#loop = loop;
    this.#idleFor = undefined;
    this.#options.notifier.ready();
    this.#tellStatus();
  }

  stop(): void {
    this.#cancel();
    this.#options.notifier.end();
  }

  #tick(): void {
    const { clock, watchdogMs } = this.#options;
    const nowMs = clock.nowMs();
    const gapMs = nowMs - this.#tickMs;
    this.#tickMs = nowMs;
    this.#awakeMs += Math.min(gapMs, 2 * LOOK_MS);
    if (gapMs > STALL_MS) this.#pulse.resumed(nowMs);
    if (nowMs - this.#lookedAtAllMs >= LOOK_AT_ALL_MS) {
      this.#lookedAtAllMs = nowMs;
      if (watchdogMs !== undefined) this.#lookAtProbes();
      this.#tellStatus();
    }
    if (watchdogMs !== undefined) this.#decide(nowMs, watchdogMs);
    this.#cancel = clock.after(LOOK_MS, () => this.#tick());
  }

  #decide(nowMs: number, watchdogMs: number): void {
    // A look is late by up to its time, and one more passes before a question is answered.
    const isDue = nowMs - this.#pingedMs >= watchdogMs / PINGS - 2 * LOOK_MS;
    const isProved = this.#loop === undefined || this.#isExabgpProved(nowMs, isDue);
    this.#setWithheld(this.#reason());
    if (!isDue || !isProved || this.#withheld !== undefined) return;
    this.#pingedMs = nowMs;
    this.#pings += 1;
    this.#options.notifier.watchdog();
  }

  #isExabgpProved(nowMs: number, isDue: boolean): boolean {
    return this.#pulse.look(nowMs, this.#options.bridge.status().lastHeardAtMs, isDue);
  }

  #reason(): Withheld | undefined {
    if (this.#loop === undefined)
      return this.#awakeMs > this.#idleEndMs ? "idle-too-long" : undefined;
    if (this.#overdue !== undefined) return "probes-stopped";
    return this.#pulse.isSilent ? "exabgp-silent" : undefined;
  }

  #setWithheld(reason: Withheld | undefined): void {
    if (reason === this.#withheld) return;
    this.#withheld = reason;
    this.#options.problem(reason && `no pings for systemd: ${this.#detailOf(reason)}`);
    this.#tellStatus();
  }

  #detailOf(reason: Withheld): string {
    switch (reason) {
      case "exabgp-silent":
        return "ExaBGP has answered nothing for 2 s, twice";
      case "probes-stopped":
        return this.#overdue ?? "";
      case "idle-too-long":
        return "the agent has not worked for too long";
    }
  }

  #lookAtProbes(): void {
    if (this.#loop === undefined) return;
    const { isWaiting } = this.#options;
    const overdue = this.#progress.look(this.#loop.state, isWaiting, this.#awakeMs);
    if (overdue === undefined) this.#overdue = undefined;
    else {
      const { check, forMs, count } = overdue;
      const more = count > 1 ? `, nor of ${count - 1} others` : "";
      this.#overdue = `no result of ${check} has come for ${Math.round(forMs / 1000)} s${more}`;
    }
  }

  #tellStatus(): void {
    const how = this.#idleFor ?? this.#options.how();
    const text = this.#withheld === undefined ? how : `no pings: ${this.#withheld}; ${how}`;
    if (text === this.#told) return;
    this.#told = text;
    this.#options.notifier.status(text);
  }
}
