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
export const UNSTAGED = { when: {}, drainDelayMs: 0 } as const;
