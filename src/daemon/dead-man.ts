/** The main thread's side of the dead-man's switch: the beat, and what the thread beside it would have to withdraw. */
import type { Worker } from "node:worker_threads";
import { BARRIER_QUESTIONS, type Bridge, type Dialect, type WriteGuard } from "exabgp-ts-bridge";
import type { AgentState } from "../core/state.ts";
import type { Clock } from "./clock.ts";
import { TICK_MS } from "./dead-man-count.ts";
import type { DeadManMessage, DeadManStart } from "./dead-man-message.ts";
import { HeldRoutes, planMessage } from "./dead-man-routes.ts";
import { arm, beat, createWords, guardOf } from "./dead-man-words.ts";
import type { LastWord } from "./last-word.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Problems } from "./problems.ts";
import { holdWorker } from "./worker-text.ts";

/** A thread that ends is no accident twice. */
const STARTS_MAX = 2;

/** Its heap with ten thousand prefixes takes 4 MiB. */
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };

/** What is told for all prefixes rests so many times as long as it took. */
const REST = 10;

const startThread = holdWorker(new URL("./dead-man-worker.js", import.meta.url));

export interface Watched {
  readonly log: Log;
  readonly problems: Pick<Problems, "report">;
  /** Where the thread leaves word of what it did. */
  readonly word: Pick<LastWord, "path" | "boot">;
  readonly loop: Pick<Loop, "state">;
  readonly bridge: Pick<Bridge, "status">;
}

export class DeadMan {
  readonly #clock: Clock;
  readonly #words = createWords();
  readonly #held = new HeldRoutes();
  readonly guard: WriteGuard = guardOf(this.#words);
  #watched: Watched | undefined;
  #worker: Worker | undefined;
  #starts = 0;
  #index: AgentState["index"] | undefined;
  #dialect: Dialect | undefined;
  #restsUntilMs = -Infinity;
  #cancelBeat = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before a line is written. Bound, as the writer's own. */
  readonly written = (line: string): void => {
    if (line.includes("announce ")) this.#tell({ kind: "written", text: line });
  };

  /** The loop runs: from now on it is watched. */
  start(watched: Watched): void {
    if (isDebugged()) {
      watched.log.warn("dead-man's switch is off: a debugger may stop the agent");
      return;
    }
    this.#watched = watched;
    this.#startWorker(watched);
    this.#beat();
  }

  /** Before the commands of another plan are written. */
  planned({ index }: AgentState): void {
    if (this.#worker === undefined || index === this.#index) return;
    this.#index = index;
    this.#tell(planMessage(index));
  }

  /** The agent exits: that may take a busy disk's time, and moves no route. */
  stop(): void {
    arm(this.#words, false);
    this.#cancelBeat();
    this.#watched = undefined;
  }

  #beat(): void {
    beat(this.#words);
    arm(this.#words, true);
    this.#tellState();
    this.#cancelBeat = this.#clock.after(TICK_MS, () => this.#beat());
  }

  #tellState(): void {
    const state = this.#watched?.loop.state;
    if (state === undefined || this.#worker === undefined) return;
    this.planned(state);
    const beganMs = this.#clock.nowMs();
    const dialect = this.#dialectNow();
    if (dialect === undefined || beganMs < this.#restsUntilMs) return;
    for (const message of this.#held.changes(state.routes, dialect)) this.#tell(message);
    const endedMs = this.#clock.nowMs();
    this.#restsUntilMs = endedMs + REST * (endedMs - beganMs);
  }

  #dialectNow(): Dialect | undefined {
    if (this.#dialect !== undefined) return this.#dialect;
    this.#dialect = this.#watched?.bridge.status().identity?.dialect;
    if (this.#dialect === undefined) return undefined;
    this.#tell({ kind: "dialect", text: String(this.#dialect) });
    this.#tell({ kind: "barrier", text: BARRIER_QUESTIONS[this.#dialect] });
    return this.#dialect;
  }

  #tell(message: DeadManMessage): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.#worker?.postMessage(message);
  }

  #startWorker({ word: { path, boot } }: Watched): void {
    this.#starts += 1;
    this.#index = undefined;
    this.#dialect = undefined;
    this.#held.forget();
    const { buffer } = this.#words;
    const workerData: DeadManStart = { buffer, path, boot };
    let worker: Worker;
    try {
      worker = startThread({
        workerData,
        // Else what it prints would be handed on by streams of this thread.
        stdout: true,
        stderr: true,
        env: {},
        execArgv: [],
        resourceLimits: LIMITS,
      });
    } catch (error) {
      // EAGAIN: the host, or the unit's TasksMax=, has no thread left.
      this.#lost(String(error));
      return;
    }
    this.#worker = worker;
    worker.unref();
    let why = "it ended without a word";
    worker.on("error", (error) => (why = String(error)));
    worker.on("exit", () => this.#lost(why));
  }

  /** Nobody watches the loop: the agent goes on, systemd's watchdog is still there. */
  #lost(why: string): void {
    const watched = this.#watched;
    this.#worker = undefined;
    if (watched === undefined) return;
    watched.log.error({ why }, "dead-man's switch ended");
    if (this.#starts < STARTS_MAX) this.#startWorker(watched);
    else watched.problems.report("dead-man", `Cannot watch the event loop: ${why}`);
  }
}

/** A breakpoint stops the main thread only. */
function isDebugged(): boolean {
  const flags = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""];
  return flags.some((flag) => flag.includes("--inspect"));
}
