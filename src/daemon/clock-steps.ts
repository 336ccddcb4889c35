/** Steps of the wall clock: nothing of ours moves, but ExaBGP loses its sessions, and somebody will ask why. */
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Problems } from "./problems.ts";

/**
 * ExaBGP times its sessions by the wall clock, and the shortest hold time there is ends none of them sooner (RFC 4271
 * section 4.2).
 */
const HARMFUL_MS = 3000;

/** ExaBGP's default hold time: set back, it sends no keepalive, and its neighbors wait this long. */
const SUSPECT_MS = 180_000;

export interface ClockStepsOptions {
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly log: Log;
  readonly problems: Pick<Problems, "count" | "clear">;
}

export class ClockSteps {
  readonly #options: ClockStepsOptions;
  /** Those that stand, put together: back and forth is two steps, each of which may have ended a session. */
  #standing = 0;
  #last: { readonly atMs: number; readonly what: string } | undefined;
  #cancelEnd = () => {};

  constructor(options: ClockStepsOptions) {
    this.#options = options;
  }

  /** What a session that is lost now may have been lost by, such as `the clock was set back by 60 s, 9 s ago`. */
  get suspicion(): string | undefined {
    if (this.#last === undefined) return undefined;
    const { atMs, what } = this.#last;
    return `${what}, ${seconds(this.#options.clock.nowMs() - atMs)} s ago`;
  }

  /** @param byMs How far the wall clock was set forward; negative: back. */
  stepped(byMs: number): void {
    const { clock, log, problems } = this.#options;
    const what = `the clock was set ${byMs > 0 ? "forward" : "back"} by ${seconds(Math.abs(byMs))} s`;
    log.warn({ seconds: seconds(byMs) }, "wall clock was set");
    if (Math.abs(byMs) < HARMFUL_MS) return;
    this.#standing += 1;
    this.#last = { atMs: clock.nowMs(), what };
    const times = this.#standing === 1 ? "" : `, the last of ${this.#standing} times`;
    const effect = "nothing of the agent moves, but ExaBGP loses sessions with a shorter hold time";
    problems.count("clock-stepped", `${what}${times}: ${effect}`);
    this.#cancelEnd();
    this.#cancelEnd = clock.after(SUSPECT_MS, () => {
      this.#standing = 0;
      this.#last = undefined;
      problems.clear("clock-stepped");
    });
  }

  stop(): void {
    this.#cancelEnd();
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
