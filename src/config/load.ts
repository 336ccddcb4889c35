/** Files in, a plan out; or everything that is wrong with them. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { buildPlan, buildWindow } from "./build-plan.ts";
import type { ConfigFile } from "./document.ts";
import { parseDuration } from "./duration.ts";
import { readFiles } from "./files.ts";
import { parseEffective } from "./parse.ts";
import { parseListen, type ListenAddress } from "./listen.ts";
import type { Plan, WindowPlan } from "./plan.ts";
import type { Problem } from "./problem.ts";

export type { ConfigFile } from "./document.ts";
export { readLenient } from "./lenient.ts";
export { ConfigError, formatProblem, type Problem } from "./problem.ts";

/** What the agent needs besides the plan. */
export interface Settings {
  readonly pop: string;
  /** Absolute path of a folder. */
  readonly stateDir: string;
  /** Absolute path of a Unix socket. */
  readonly socketPath: string;
  readonly exabgp: {
    /** `auto` asks `system version`. */
    readonly dialect: "auto" | 4 | 5 | 6;
    readonly ackTimeoutMs: number;
    readonly reconcileIntervalMs: number;
  };
  /** Where to serve read-only HTTP on TCP; absent: nowhere. */
  readonly httpListen?: ListenAddress;
  readonly maintenance: readonly WindowPlan[];
}

/** A configuration that can be used. Plain data. */
export interface LoadedConfig {
  readonly settings: Settings;
  readonly plan: Plan;
  /** SHA-256 of settings and plan in hex: comments and spelling change nothing. */
  readonly hash: string;
  /** What it was made of; `parseConfig` makes the same of them. */
  readonly files: readonly ConfigFile[];
  /** What can be used and is unwise. */
  readonly warnings: readonly Problem[];
}

/**
 * Reads `path`, and `anyctl.d/*.yaml` beside it.
 *
 * @throws {ConfigError} With all problems of all files.
 */
export function loadConfig(path: string): LoadedConfig {
  const { files, warnings } = readFiles(path);
  const config = parseConfig(files);
  return { ...config, warnings: [...warnings, ...config.warnings] };
}

/**
 * The same from texts, so that a stored configuration can be used again.
 *
 * @param files The main file first.
 * @param hostName Stands in for `pop`.
 * @throws {ConfigError} With all problems of all files.
 */
export function parseConfig(files: readonly ConfigFile[], hostName = hostname()): LoadedConfig {
  const { effective, warnings } = parseEffective(files, hostName);
  const plan = buildPlan(effective);
  const httpListen = parseListen(effective.http?.listen ?? "");
  const settings: Settings = {
    pop: effective.pop,
    stateDir: effective["state-dir"],
    socketPath: effective.socket,
    exabgp: {
      dialect: effective.exabgp.dialect,
      ackTimeoutMs: parseDuration(effective.exabgp["ack-timeout"]),
      reconcileIntervalMs: parseDuration(effective.exabgp["reconcile-interval"]),
    },
    ...(httpListen === undefined ? {} : { httpListen }),
    maintenance: effective.maintenance.map(buildWindow),
  };
  const hash = createHash("sha256").update(JSON.stringify({ settings, plan })).digest("hex");
  return { settings, plan, hash, files, warnings };
}

/** @returns The first 12 digits, for people; 2^48 configurations are enough to tell two apart. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
