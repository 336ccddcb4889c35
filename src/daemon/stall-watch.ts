/** Notices that this process stood still: stopped, starved of CPU, blocked by itself, or asleep with its host. */
import { uptime } from "node:os";
import type { Clock } from "./clock.ts";

export interface Stall {
  /** How long, milliseconds; at most a tick more than it was. */
  readonly ms: number;
  /** `asleep`: the machine was suspended, which the monotonic clock does not count. */
  readonly kind: "still" | "asleep";
}

export interface StallWatchOptions {
  readonly clock: Clock;
  /** Milliseconds since the machine started, its sleep included; by default the kernel's (CLOCK_BOOTTIME). */
  readonly bootMs?: () => number;
  readonly stalled: (stall: Stall) => void;
  /** The wall clock was set forward by so much; negative: back. The host's sleep is no such step. */
  readonly stepped?: (byMs: number) => void;
}

const TICK_MS = 100;

/**
 * Far beyond what garbage collection or a busy neighbour costs, and below what three failed probes need. Shorter
 * stalls are seen by each attempt for itself.
 */
const STALL_MS = 1000;

export class StallWatch {
  readonly #options: StallWatchOptions;
  readonly #bootMs: () => number;
  #lastMs: number;
  /** What the clocks are ahead of the monotonic one. */
  #wallAheadMs: number;
  #bootAheadMs: number;
  #cancel = () => {};

  constructor(options: StallWatchOptions) {
    this.#options = options;
    this.#bootMs = options.bootMs ?? (() => uptime() * 1000);
    const nowMs = options.clock.nowMs();
    this.#lastMs = nowMs;
    this.#wallAheadMs = options.clock.wallMs() - nowMs;
    this.#bootAheadMs = this.#bootMs() - nowMs;
  }

  start(): void {
    this.look();
    this.#cancel = this.#options.clock.after(TICK_MS, () => this.start());
  }

  stop(): void {
    this.#cancel();
  }

  /** To be called before a result is taken too: it may have been read before the tick that is late. */
  look(): void {
    const { clock, stalled } = this.#options;
    const nowMs = clock.nowMs();
    const gapMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const asleepMs = this.#asleepMs(nowMs);
    if (asleepMs > STALL_MS) stalled({ ms: asleepMs, kind: "asleep" });
    else if (gapMs > STALL_MS) stalled({ ms: gapMs, kind: "still" });
  }

  /** Whoever slept has another date: the kernel is asked only then. */
  #asleepMs(nowMs: number): number {
    const { clock, stepped } = this.#options;
    const wallAheadMs = clock.wallMs() - nowMs;
    const byMs = wallAheadMs - this.#wallAheadMs;
    if (Math.abs(byMs) < STALL_MS) return 0;
    this.#wallAheadMs = wallAheadMs;
    const aheadMs = this.#bootMs() - nowMs;
    const asleepMs = aheadMs - this.#bootAheadMs;
    this.#bootAheadMs = aheadMs;
    const setMs = byMs - asleepMs;
    if (Math.abs(setMs) >= STALL_MS) stepped?.(setMs);
    return asleepMs;
  }
}
