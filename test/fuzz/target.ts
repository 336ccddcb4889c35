/** What is fuzzed: an arbitrary input, and what must hold for each. */
import { Script } from "node:vm";
import fc from "fast-check";
import { cpuMsSince } from "../config/attempt.ts";

/** Shared by all cases of a run. */
export interface Field<Input> {
  readonly input: fc.Arbitrary<Input>;
  /** Throws when a promise is broken. */
  readonly attempt: (input: Input) => void | Promise<void>;
  /** Places that the cases must come to, or they prove nothing: each by one case in `RARE` at least. */
  readonly reached: Record<string, number>;
  readonly close?: () => void | Promise<void>;
}

export interface Target {
  readonly name: string;
  /** What must hold, for people. */
  readonly promise: string;
  readonly open: (started: () => void) => Promise<OpenTarget>;
}

export interface OpenTarget {
  readonly property: fc.IRawProperty<[unknown]>;
  readonly reached: Readonly<Record<string, number>>;
  readonly close: () => Promise<void>;
}

/** A place to which fewer than one in so many cases comes is as good as never reached. */
export const RARE = 1000;

/** Far above what any case takes on a busy machine, far below what a person or a watchdog takes for hanging. */
export const CASE_MAX_MS = 15_000;

/** Of a target whose cases are over when `attempt` returns: one that does not is interrupted, and so it can be shrunk. */
export function target<Input>(
  name: string,
  promise: string,
  open: () => Field<Input>,
  caseMaxMs = CASE_MAX_MS,
): Target {
  return {
    name,
    promise,
    open(started) {
      const { input, attempt, reached, close } = open();
      const property = fc.property(input, (value) => {
        started();
        interruptible(() => void attempt(value), caseMaxMs);
      });
      return Promise.resolve({ property, reached, close: async () => await close?.() });
    },
  };
}

/** Of a target that waits for something: one that waits too long fails, one that spins is ended from outside. */
export function waitingTarget<Input>(
  name: string,
  promise: string,
  open: () => Field<Input> | Promise<Field<Input>>,
): Target {
  return {
    name,
    promise,
    async open(started) {
      const { input, attempt, reached, close } = await open();
      const property = fc.asyncProperty(input, async (value) => {
        started();
        await withinTime(attempt(value));
        // Else what is left for the next tick is never done, and kept.
        await new Promise(setImmediate);
      });
      return { property, reached, close: async () => await close?.() };
    },
  };
}

declare global {
  // What an interruptible script can see.
  var fuzzedCase: (() => void) | undefined;
}

const SCRIPT = new Script("globalThis.fuzzedCase()");

/** A case that had less than this share of a processor for its time is given more of it. */
const FAIR_SHARE = 1 / 3;

/** So often its time is doubled. */
const MORE_TIME_MAX = 3;

/** V8 ends what runs too long, regular expressions too. */
function interruptible(attempt: () => void, maxMs: number): void {
  globalThis.fuzzedCase = attempt;
  for (let doubled = 0; ; doubled += 1) {
    const started = process.cpuUsage();
    const timeout = maxMs * 2 ** doubled;
    try {
      SCRIPT.runInThisContext({ timeout });
      return;
    } catch (error) {
      const isLate = error instanceof Error && Reflect.get(error, "code") === LATE;
      const isStarved = isLate && cpuMsSince(started) < timeout * FAIR_SHARE;
      if (!isStarved || doubled === MORE_TIME_MAX) throw error;
    }
  }
}

const LATE = "ERR_SCRIPT_EXECUTION_TIMEOUT";

async function withinTime(attempted: void | Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Not over after ${CASE_MAX_MS} ms`)), CASE_MAX_MS);
  });
  try {
    await Promise.race([attempted, late]);
  } finally {
    clearTimeout(timer);
  }
}
