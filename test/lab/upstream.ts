/** A real router as the upstream of a PoP, in one language whichever program it is. */
import { createBirdUpstream } from "./upstream-bird.ts";
import { createFrrUpstream } from "./upstream-frr.ts";
import { createGobgpUpstream } from "./upstream-gobgp.ts";
import type { Lab } from "./lab.ts";
import type { Namespace } from "./namespace.ts";
import type { Upstream, UpstreamConfig } from "./upstream-types.ts";

/** Every router of Debian that the lab knows. */
export const UPSTREAM_PROGRAMS = ["bird", "frr", "gobgp"] as const;
export type UpstreamProgram = (typeof UPSTREAM_PROGRAMS)[number];

const STARTERS = {
  bird: createBirdUpstream,
  frr: createFrrUpstream,
  gobgp: createGobgpUpstream,
} as const satisfies Record<UpstreamProgram, unknown>;

/** Resolves when the router answers questions; sessions come up after that. */
export function startUpstream(
  program: UpstreamProgram,
  lab: Lab,
  namespace: Namespace,
  config: UpstreamConfig,
): Promise<Upstream> {
  return STARTERS[program](lab, namespace, config);
}
