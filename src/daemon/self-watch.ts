/** What the agent has to say of its own judgement: that it stood still, cannot judge, or suspects one cause of all. */
import type { Bridge } from "exabgp-ts-bridge";
import { doubts } from "../core/doubts.ts";
import type { VerdictChange } from "../core/inputs.ts";
import type { Clock } from "./clock.ts";
import { ClockSteps } from "./clock-steps.ts";
import { CommonCause } from "./common-cause.ts";
import type { Events } from "./events.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Problems } from "./problems.ts";
import { type Stall, StallWatch } from "./stall-watch.ts";
import { Troubles } from "./troubles.ts";

export interface SelfWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly problems: Problems;
  readonly events: Pick<Events, "verdict">;
  /** Where it is given, what is announced is watched too: whether it is heard, and has an address here. */
  readonly bridge?: Pick<Bridge, "status">;
  /** See `StallWatchOptions`. */
  readonly bootMs?: () => number;
}

const LOOK_MS = 1000;

/** A host that stands still again within this has not recovered. */
const STALL_STANDS_MS = 60_000;

/** Since the agent started. */
export interface Stalls {
  readonly count: number;
  readonly seconds: number;
}

export class SelfWatch {
  readonly #options: SelfWatchOptions;
  readonly #stallWatch: StallWatch;
  readonly #clockSteps: ClockSteps;
  readonly #commonCause = new CommonCause();
  readonly #troubles: Troubles | undefined;
  #loop: Pick<Loop, "state" | "dispatch"> | undefined;
  #stalls: Stalls = { count: 0, seconds: 0 };
  /** How many of them the standing problem is about. */
  #standing = 0;
  #cancelEnd = () => {};
  #cancelLook = () => {};

  constructor(options: SelfWatchOptions) {
    this.#options = options;
    const { clock, problems, bridge, bootMs } = options;
    if (bridge !== undefined) this.#troubles = new Troubles({ clock, problems, bridge });
    this.#clockSteps = new ClockSteps(options);
    this.#stallWatch = new StallWatch({
      clock,
      stalled: (stall) => this.#stalled(stall),
      stepped: (byMs) => this.#clockSteps.stepped(byMs),
      ...(bootMs && { bootMs }),
    });
  }

  get stalls(): Stalls {
    return this.#stalls;
  }

  /** What a session that is lost now may have been lost by: a step of the wall clock, in words. */
  clockSuspicion(): string | undefined {
    this.look();
    return this.#clockSteps.suspicion;
  }

  start(loop: Pick<Loop, "state" | "dispatch">): void {
    this.#loop = loop;
    this.#stallWatch.start();
    this.#look();
  }

  stop(): void {
    this.#stallWatch.stop();
    this.#clockSteps.stop();
    this.#cancelEnd();
    this.#cancelLook();
  }

  /** Before a result is taken, or anything else happens: what was read in a stall must not count. */
  look(): void {
    // Until then there is nobody to be told.
    if (this.#loop !== undefined) this.#stallWatch.look();
  }

  verdict(change: VerdictChange): void {
    this.#commonCause.verdict(change, this.#options.clock.nowMs());
    this.#options.events.verdict(change);
  }

  #look(): void {
    const { clock, problems } = this.#options;
    const state = this.#loop?.state;
    if (state !== undefined) {
      problems.count("inconclusive-checks", doubts(state, clock.nowMs()));
      problems.state("common-cause", this.#commonCause.suspicion(state));
      this.#troubles?.look(state);
    }
    this.#cancelLook = clock.after(LOOK_MS, () => this.#look());
  }

  #stalled({ ms, kind }: Stall): void {
    const { clock, log, problems } = this.#options;
    this.#loop?.dispatch({ type: "stalled" });
    this.#stalls = { count: this.#stalls.count + 1, seconds: this.#stalls.seconds + ms / 1000 };
    this.#standing += 1;
    const seconds = Math.round(ms / 100) / 10;
    log.warn({ kind, seconds }, "agent stood still");
    const times = this.#standing === 1 ? "" : `, the last of ${this.#standing} times`;
    const what = kind === "asleep" ? "the host was asleep" : "the agent stood still";
    const effect = "results begun before do not count, failures in a row begin anew";
    problems.count("stalled", `${what} for ${seconds} s${times}: ${effect}`);
    this.#cancelEnd();
    this.#cancelEnd = clock.after(STALL_STANDS_MS, () => {
      this.#standing = 0;
      problems.clear("stalled");
    });
  }
}
