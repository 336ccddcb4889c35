/** What tests about services and drains have in common. */
import type { Drain } from "../../src/core/inputs.ts";

/** A drain by touch. */
export function drain(known: Partial<Drain> & { readonly service: string }): Drain {
  return {
    kind: "operator",
    reason: "",
    by: "unknown",
    since: undefined,
    until: undefined,
    problem: undefined,
    startedMs: 0,
    endsAtMs: undefined,
    gracefulMs: undefined,
    transient: false,
    ...known,
  };
}

/** Of a service that announces nothing else in other states. */
export const UNSTAGED = { when: {}, drainDelayMs: 0, minUpTimeMs: 0, hold: undefined } as const;

/** Of a check that is required like every other, and its service's own. */
export const REQUIRED = { weight: 1, advisory: false, use: undefined } as const;
