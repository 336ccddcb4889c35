/** The names that a PoP has: from its agent, else from its configuration. Nobody waits for them, and nothing fails. */
import { AgentUnreachable, getStatus } from "../control/client.ts";
import type { Status } from "../control/protocol.ts";
import type { CompletionKind } from "./command.ts";
import { COMPLETION_SCRIPTS } from "./completion-script.ts";
import { PRESETS } from "./init/presets.ts";
import type { CommandIo } from "./io.ts";
import { locate, type Location } from "./location.ts";
import { ALL_SERVICES } from "./order-arguments.ts";

/** Whoever has pressed Tab waits for it; a living agent answers in a few milliseconds. */
const ANSWER_MAX_MS = 300;

interface Named {
  readonly name: string;
  readonly checks: readonly string[];
  readonly prefixes: readonly string[];
}

/**
 * @param current What is typed of the name.
 * @returns Names of any text, unsorted: the caller decides which are safe to be shown.
 */
export async function namesOf(
  kind: CompletionKind,
  current: string,
  config: string | undefined,
  io: CommandIo,
): Promise<readonly string[]> {
  if (kind === "shells") return Object.keys(COMPLETION_SCRIPTS);
  if (kind === "presets") return PRESETS.map(({ name }) => name);
  if (kind === "nothing" || kind === "files") return [];
  const location = await locate({ config }, { ...io, stderr: () => {} });
  const status = await askAgent(location, io);
  const services = status?.services.map(named) ?? (await configured(location));
  switch (kind) {
    case "services":
      return services.map(({ name }) => name);
    case "drained":
      // `undrain --clear-hold` takes what is held.
      return [...new Set([...orderedOf(status?.drains, services), ...heldOf(status)])];
    case "pinned":
      return orderedOf(status?.pins, services);
    case "checks":
      return checkNames(services, current);
    case "subjects":
      return [...services.map(({ name }) => name), ...services.flatMap(({ prefixes }) => prefixes)];
  }
}

async function askAgent({ socketPath }: Location, io: CommandIo): Promise<Status | undefined> {
  try {
    return await getStatus(socketPath, ANSWER_MAX_MS, io.timers);
  } catch (error) {
    if (error instanceof AgentUnreachable) return undefined;
    throw error;
  }
}

function named({ name, checks, routes }: Status["services"][number]): Named {
  return {
    name,
    checks: checks.map((check) => check.name),
    prefixes: routes.map(({ prefix }) => prefix),
  };
}

/** Not above: an agent that answers saves the YAML of the services. */
async function configured({ configPath }: Location): Promise<readonly Named[]> {
  const { readNames } = await import("../config/names.ts");
  return readNames(configPath);
}

/** A drain of the schedule is none that `undrain` ends. Without an agent any service may have an order. */
function orderedOf(
  orders: readonly { readonly service: string; readonly kind?: string }[] | undefined,
  services: readonly Named[],
): readonly string[] {
  if (orders === undefined) return services.map(({ name }) => name);
  return orders
    .filter(({ service, kind }) => service !== ALL_SERVICES && kind !== "window")
    .map(({ service }) => service);
}

function heldOf(status: Status | undefined): readonly string[] {
  return (status?.services ?? []).filter(({ state }) => state === "held").map(({ name }) => name);
}

/** `dns`, and when that is clear or a slash is typed, `dns/resolver`. */
function checkNames(services: readonly Named[], current: string): readonly string[] {
  const fitting = services.filter(({ name }) =>
    `${name}/`.startsWith(current.split("/", 1)[0] ?? ""),
  );
  const ids = fitting.flatMap(({ name, checks }) => checks.map((check) => `${name}/${check}`));
  const names = services.map(({ name }) => name);
  if (current.includes("/")) return ids;
  return fitting.length === 1 ? [...names, ...ids] : names;
}
