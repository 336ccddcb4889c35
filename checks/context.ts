/** What every probe and listener gets beside its own specification: one for all of a process. */
import { createResolver, type Resolver, type ResolverOptions } from "./resolve.ts";
import { systemTimers, type Timers } from "./timers.ts";

export interface ProbeContext {
  /** Shared, so that the hosts file is read once. */
  readonly resolver: Resolver;
  readonly timers: Timers;
}

/** Opens nothing. */
export function createProbeContext(options: ResolverOptions = {}): ProbeContext {
  return { resolver: createResolver(options), timers: options.timers ?? systemTimers };
}
