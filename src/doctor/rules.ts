/** All rules, in the order in which they are told and documented. */
import type { Rule } from "./rule.ts";
import { CONFIG_RULES } from "./rules-config.ts";
import { ENV_RULES } from "./rules-env.ts";
import { FILE_RULES } from "./rules-files.ts";
import { NEIGHBOR_RULES } from "./rules-neighbors.ts";
import { NETWORK_RULES } from "./rules-network.ts";
import { PROCESS_RULES } from "./rules-process.ts";
import { ROUTE_RULES } from "./rules-routes.ts";
import { RUNNING_RULES } from "./rules-running.ts";
import { UNIT_RULES } from "./rules-unit.ts";

/** By what they look at. */
export const RULE_GROUPS: ReadonlyMap<string, readonly Rule[]> = new Map([
  ["anyctl.yaml", CONFIG_RULES],
  ["exabgp.conf: the agent's process", PROCESS_RULES],
  ["exabgp.conf: neighbors", NEIGHBOR_RULES],
  ["Both files together", ROUTE_RULES],
  ["exabgp.env and ExaBGP's environment", ENV_RULES],
  ["Addresses and kernel", NETWORK_RULES],
  ["The unit, limits, the journal", UNIT_RULES],
  ["Files and folders", FILE_RULES],
  ["What runs now", RUNNING_RULES],
]);

export const RULES: readonly Rule[] = [...RULE_GROUPS.values()].flat();
