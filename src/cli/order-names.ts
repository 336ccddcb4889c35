/** Whether there are such services: a drain of a misspelt name would drain nothing. */
import { AgentUnreachable } from "../control/client.ts";
import type { Status } from "../control/protocol.ts";
import { ALL_SERVICES } from "./order-arguments.ts";
import { CommandError } from "./exit.ts";
import type { Location } from "./location.ts";
import { listNames } from "./names.ts";

/**
 * Asks the agent's status, or in its absence the configuration.
 *
 * @returns Why nobody could tell; undefined when the names are right.
 * @throws {CommandError} `refused` if there is no such service.
 */
export async function checkTargets(
  targets: readonly string[],
  status: Status | AgentUnreachable,
  location: Location,
): Promise<string | undefined> {
  const names = targets.filter((name) => name !== ALL_SERVICES);
  if (names.length === 0) return undefined;
  const known =
    status instanceof AgentUnreachable ? await configuredNames(location) : runningNames(status);
  if (known === undefined) {
    const who = status instanceof AgentUnreachable ? "no agent answers" : "the agent has none";
    return `Nobody could check the name of the service: ${who}, and there is no valid configuration`;
  }
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return undefined;
  const what = unknown.length === 1 ? "service" : "services";
  throw new CommandError(
    "refused",
    `There is no ${what} ${unknown.join(", ")}; ${listNames(known)}`,
  );
}

/** Without a configuration the agent knows only the services whose prefixes it still owns. */
function runningNames({ config, services }: Status): string[] | undefined {
  return config.origin === "none" ? undefined : services.map(({ name }) => name);
}

/** Loaded here and not above: reading the configuration in full takes longer than all the rest. */
async function configuredNames({ configPath }: Location): Promise<string[] | undefined> {
  const { ConfigError, loadConfig } = await import("../config/load.ts");
  try {
    return loadConfig(configPath).plan.services.map(({ name }) => name);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
