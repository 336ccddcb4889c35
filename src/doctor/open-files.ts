/** How many descriptors the agent needs. */
import type { Plan } from "../config/plan.ts";

/** Node.js, the journal, folders that are watched, files being written, clients: as the agent reckons. */
const RESERVE = 64;

/** The agent never has more attempts under way. */
const ATTEMPTS_MAX = 800;

/** If all checks hang at once, each has one for its attempt; those that watch keep another. */
export function openFilesNeeded({ services }: Plan): number {
  const checks = services.flatMap((service) => service.checks);
  const probes = new Map(checks.map((check) => [check.use ?? check.id, check.spec]));
  const watching = [...probes.values()].filter((spec) => "watch" in spec && spec.watch);
  return RESERVE + Math.min(ATTEMPTS_MAX, probes.size) + watching.length;
}
