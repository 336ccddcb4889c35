/** What every probe gets beside its own specification. */
import type { Resolver } from "./resolve.ts";

export interface ProbeContext {
  /** Shared by all probes of a process, so that the hosts file is read once. */
  readonly resolver: Resolver;
}
