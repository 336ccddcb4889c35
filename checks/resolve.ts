import type { Result } from "./probe.ts";

/** An address of a host, as `net.connect` takes it. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** At least one address, or why there is none. */
export type Resolved = { readonly addresses: readonly Address[] } | { readonly failure: Result };

export interface Resolver {
  resolve(host: string, signal: AbortSignal): Promise<Resolved>;
}
