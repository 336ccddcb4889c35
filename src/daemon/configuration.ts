/** Which configuration is in force: the file, the last good one, or none. */
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import type { Plan, ServicePlan } from "../config/plan.ts";
import type { ConfigStatus } from "../control/protocol.ts";
import { CANARY } from "../core/canary.ts";
import { refuseMassWithdrawal } from "../core/mass-withdrawal.ts";
import { afterLife, type OwnedRoute } from "../core/routes.ts";
import { configSignature } from "./config-signature.ts";
import { loadLastGood } from "./last-good.ts";

/** What the agent goes by. */
export interface Effective {
  readonly origin: ConfigStatus["origin"];
  /** undefined only with origin `none`. */
  readonly config: LoadedConfig | undefined;
  readonly plan: Plan;
  /** Why the file as it was last read is not in force, one line each. */
  readonly problems: readonly string[];
  /** Of the files just before they were read; only with origin `none`, where a mended one is waited for. */
  readonly signature?: string;
}

/** The file, or every reason why it cannot be used. */
export function readConfiguration(path: string): LoadedConfig | readonly string[] {
  try {
    return loadConfig(path);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    return [`Cannot use config "${path}": ${String(error)}`];
  }
}

/** Where a starting agent finds configurations. */
export interface ConfigurationSources {
  readonly signature: (path: string) => string;
  readonly read: (path: string) => LoadedConfig | readonly string[];
  readonly lastGood: (stateDir: string) => LoadedConfig | undefined;
}

const FILES: ConfigurationSources = {
  signature: configSignature,
  read: readConfiguration,
  lastGood: loadLastGood,
};

/**
 * What a starting agent goes by. A file that would withdraw more than half of what an earlier life announced
 * counts as unusable, just as it would at a reload.
 */
export function startConfiguration(
  path: string,
  stateDir: string,
  owned: ReadonlyMap<string, OwnedRoute>,
  pop: string,
  sources = FILES,
): Effective {
  // Before it is read: what is mended from here on differs from it.
  const signature = sources.signature(path);
  const read = sources.read(path);
  const problems = "plan" in read ? massWithdrawal(owned, read.plan) : read;
  if ("plan" in read && problems.length === 0) {
    return { origin: "file", config: read, plan: read.plan, problems };
  }
  const config = sources.lastGood(stateDir);
  if (config !== undefined) return { origin: "last-good", config, plan: config.plan, problems };
  return { origin: "none", config: undefined, plan: planOfOwned(owned, pop), problems, signature };
}

/** @param path Where the file is, or should be. */
export function configStatus(path: string, { origin, config, problems }: Effective): ConfigStatus {
  const current = origin === "file" && problems.length === 0;
  return { path, hash: config?.hash ?? "", origin, current, problems };
}

/** The refusal of a plan in words; empty when it is not refused. */
function massWithdrawal(owned: ReadonlyMap<string, OwnedRoute>, plan: Plan): readonly string[] {
  const routes = new Map([...owned].map(([prefix, one]) => [prefix, afterLife(one, 0)]));
  const named = new Set(plan.services.flatMap((service) => service.routes.map((r) => r.prefix)));
  const refusal = refuseMassWithdrawal(routes, (prefix) => named.has(prefix), "agent");
  return refusal === undefined ? [] : [refusalText(refusal)];
}

export function refusalText(refusal: {
  readonly prefixes: readonly string[];
  readonly announced: number;
}): string {
  return (
    `refused: would withdraw ${refusal.prefixes.length} of ${refusal.announced} announced prefixes; ` +
    "allowed: at most half. Drain the services first, or see `anyctl reload --force`"
  );
}

/**
 * What is left to decide without any configuration: nothing is announced, nothing is judged, but drains of the
 * services that earlier lives announced are obeyed.
 */
function planOfOwned(owned: ReadonlyMap<string, OwnedRoute>, pop: string): Plan {
  const services = new Map<string, ServicePlan & { readonly routes: OwnedRoute["route"][] }>();
  for (const { route, shared, services: names } of owned.values()) {
    for (const name of names.filter((one) => one !== CANARY)) {
      const routes = services.get(name)?.routes ?? [];
      routes.push(route);
      services.set(name, {
        name,
        require: "all",
        shared,
        routes,
        when: {},
        drainDelayMs: 0,
        minUpTimeMs: 0,
        hold: undefined,
        // Nothing is judged here, and nothing would bring the prefixes back.
        onStall: "keep",
        checks: [],
      });
    }
  }
  return { pop, services: [...services.values()] };
}
