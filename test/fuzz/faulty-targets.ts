/** Targets with every fault that a hunt must find. */
import { writeSync } from "node:fs";
import fc from "fast-check";
import { target, waitingTarget, type Target } from "./target.ts";

const input = fc.string({ unit: fc.constant("a"), maxLength: 20 });
const LONG = 3;

function faulty(name: string, fault: () => void): Target {
  return target(name, "", () => ({
    input,
    reached: { all: 0 },
    attempt(text) {
      if (text.length >= LONG) fault();
    },
  }));
}

export const TARGETS: readonly Target[] = [
  target("sound", "", () => {
    const reached = { all: 0 };
    return { input, reached, attempt: () => void (reached.all += 1) };
  }),
  faulty("throws", () => {
    throw new Error("too long");
  }),
  waitingTarget("waits", "", () => ({
    input,
    reached: {},
    async attempt(text) {
      await Promise.resolve();
      if (text.length >= LONG) throw new Error("too long");
    },
  })),
  target("shallow", "", () => ({ input, reached: { nowhere: 0 }, attempt() {} })),
  target(
    "loops",
    "",
    () => ({
      input,
      reached: {},
      attempt(text) {
        while (text.length >= LONG);
      },
    }),
    200,
  ),
  waitingTarget("hangs", "", () => ({
    input,
    reached: {},
    attempt(text) {
      while (text.length >= LONG);
    },
  })),
  faulty("dies", () => process.exit(7)),
  faulty("speaks", () => void writeSync(1, "announce route 0.0.0.0/0 next-hop self\n")),
];
