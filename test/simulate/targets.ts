/** Services of a simulated host: what a probe of them finds, and when. */
import { fail, inconclusive, pass, type Probe, type Result } from "../../checks/probe.ts";
import type { Heard, Listen } from "../../checks/listen.ts";
import type { ProbeMakers } from "../../src/daemon/scheduler.ts";
import type { Random } from "./random.ts";
import type { Being, World } from "./world.ts";

/**
 * - `refused` and `wrong` are definite failures, `hangs` is none.
 * - `flaky` answers one time in three with a failure.
 * - `unknown`: the probe fails by the agent's own fault.
 */
export type Mode = "passes" | "slow" | "refused" | "wrong" | "hangs" | "flaky" | "unknown";

export interface Target {
  mode: Mode;
  sinceMs: number;
  /** When it last began or ceased to hang. */
  hungMs: number;
  /** Who listens to it, by its life. */
  readonly heard: Map<Being, Heard>;
}

/** Told of every result that an agent gets. */
export type Saw = (port: number, outcome: Result["outcome"], begunMs: number) => void;

const ANSWER_MAX_MS = 4;

/** Below the shortest timeout. */
export const SLOW_MS = 180;

export class Targets {
  readonly #world: World;
  readonly #random: Random;
  readonly #targets = new Map<number, Target>();

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  of(port: number): Target {
    const known = this.#targets.get(port);
    if (known !== undefined) return known;
    const made: Target = {
      mode: "passes",
      sinceMs: this.#world.nowMs,
      hungMs: -Infinity,
      heard: new Map(),
    };
    this.#targets.set(port, made);
    return made;
  }

  set(port: number, mode: Mode): void {
    const target = this.of(port);
    if (target.mode === mode) return;
    if (target.mode === "hangs" || mode === "hangs") target.hungMs = this.#world.nowMs;
    target.mode = mode;
    target.sinceMs = this.#world.nowMs;
    if (mode === "refused") this.rattle(port);
  }

  /** Its held connections end. */
  rattle(port: number): void {
    for (const [being, heard] of this.of(port).heard) {
      this.#world.after(1, () => heard("connection-lost", "closed"), being);
    }
  }

  makersFor(being: Being, saw: Saw): ProbeMakers {
    return {
      probe: (spec) => this.#probe("port" in spec ? spec.port : 0, being, saw),
      listen: (spec) =>
        "watch" in spec && spec.watch && "port" in spec
          ? this.#listen(spec.port, being)
          : undefined,
    };
  }

  #probe(port: number, being: Being, saw: Saw): Probe {
    return (signal) =>
      new Promise((resolve) => {
        const begunMs = this.#world.nowMs;
        const settle = (result: Result): void => {
          saw(port, result.outcome, begunMs);
          resolve(result);
        };
        const { mode } = this.of(port);
        const answer = this.#answerOf(mode);
        if (answer === undefined) {
          signal.addEventListener("abort", () => settle(fail("timeout", "no answer")), {
            once: true,
          });
          return;
        }
        const delayMs = mode === "slow" ? SLOW_MS : this.#random.int(1, ANSWER_MAX_MS);
        this.#world.after(delayMs, () => settle(answer), being, true);
      });
  }

  #answerOf(mode: Mode): Result | undefined {
    switch (mode) {
      case "passes":
      case "slow":
        return pass();
      case "refused":
        return fail("refused", "connection refused");
      case "wrong":
        return fail("wrong-answer", "an answer that is not expected");
      case "hangs":
        return undefined;
      case "flaky":
        return this.#random.chance(1 / 3) ? fail("reset", "connection reset") : pass();
      case "unknown":
        return inconclusive("no-descriptors", "too many open files");
    }
  }

  #listen(port: number, being: Being): Listen {
    return (heard) => {
      this.of(port).heard.set(being, heard);
      return { isListening: true, close: () => void this.of(port).heard.delete(being) };
    };
  }
}
