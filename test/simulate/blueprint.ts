/** A made-up PoP: its configuration as its designer knows it, written down for the agent, and for nobody else to read. */
import type { ExabgpSettings } from "./exabgp.ts";
import { Random } from "./random.ts";

export interface CheckBlueprint {
  readonly name: string;
  /** Names the target. */
  readonly port: number;
  readonly rise: number;
  readonly fall: number;
  readonly intervalMs: number;
  readonly fastMs: number;
  readonly timeoutMs: number;
  readonly advisory: boolean;
  readonly watch: boolean;
}

export interface Attributes {
  readonly med: number | undefined;
  readonly communities: readonly string[];
}

export interface ServiceBlueprint {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly announce: Attributes;
  /** What is laid over `announce`; undefined: the default. */
  readonly degraded: Attributes | undefined;
  readonly draining: Attributes | undefined;
  /** Undefined: withdrawn while down. */
  readonly down: Attributes | undefined;
  readonly drainDelayMs: number;
  readonly minUpTimeMs: number;
  readonly require: "all" | "any" | number;
  readonly isHeld: boolean;
  readonly shared: "all" | "any";
  /** Undefined: all. */
  readonly neighbors: readonly string[] | undefined;
  readonly checks: readonly CheckBlueprint[];
}

export interface Blueprint {
  /** Tells which of the blueprints of a run is in force. */
  readonly pop: string;
  readonly reconcileMs: number;
  readonly services: readonly ServiceBlueprint[];
}

const PEERS = ["203.0.113.1", "203.0.113.2", "203.0.113.3"];
const NAMES = ["dns", "web", "ntp", "cache"];
export const STATIC_PREFIX = "203.0.113.128/25";

/** Of one seed: always the same. */
export function designPop(seed: number): {
  readonly blueprint: Blueprint;
  readonly exabgp: ExabgpSettings;
} {
  const random = new Random(seed, "design");
  const peers = PEERS.slice(0, random.int(1, 3)).map((address, nth) => ({
    address,
    families: nth > 0 && random.chance(0.3) ? (["ipv4"] as const) : (["ipv4", "ipv6"] as const),
  }));
  const count = random.int(1, 3);
  const services = NAMES.slice(0, count).map((name, nth) =>
    designService(random, name, nth, peers.length),
  );
  if (count > 1 && random.chance(0.25)) share(random, services);
  return {
    blueprint: { pop: "pop1", reconcileMs: random.pick([10_000, 10_000, 30_000]), services },
    exabgp: {
      version: random.pick(["4.2.21", "4.2.25", "5.0.13"]),
      peers,
      encoder: random.chance(0.8) ? "json" : "text",
      tellsUpdates: random.chance(0.8),
      tellsSessions: random.chance(0.85),
      staticPrefix: random.chance(0.3) ? STATIC_PREFIX : undefined,
      holdMs: 30_000,
      acks: !random.chance(0.06),
      watchdogMs: random.chance(0.7) ? 10_000 : undefined,
    },
  };
}

function designService(random: Random, name: string, nth: number, peers: number): ServiceBlueprint {
  const prefixes = [`192.0.2.${nth * 16}/28`];
  if (random.chance(0.4)) prefixes.push(`2001:db8:${nth + 1}::/48`);
  if (random.chance(0.04)) {
    for (let more = 0; more < 40; more += 1) prefixes.push(`198.18.${nth}.${more}/32`);
  }
  const checks = Array.from({ length: random.int(1, 3) }, (_, at) =>
    designCheck(random, `check${at}`, 1000 + nth * 10 + at, at > 0 && random.chance(0.3)),
  );
  const required = checks.filter(({ advisory }) => !advisory).length;
  return {
    name,
    prefixes,
    announce: attributes(random, 100, nth),
    degraded: random.chance(0.4) ? attributes(random, 500, nth) : undefined,
    draining: random.chance(0.3) ? attributes(random, 800, nth) : undefined,
    down: random.chance(0.12) ? attributes(random, 1000, nth) : undefined,
    drainDelayMs: random.pick([0, 0, 5000, 20_000]),
    minUpTimeMs: random.pick([0, 0, 0, 10_000]),
    require: required > 1 ? random.pick(["all", "any", 1, 2] as const) : "all",
    isHeld: random.chance(0.4),
    shared: random.chance(0.5) ? "all" : "any",
    neighbors: peers > 1 && random.chance(0.2) ? [PEERS[0] ?? ""] : undefined,
    checks,
  };
}

function designCheck(
  random: Random,
  name: string,
  port: number,
  advisory: boolean,
): CheckBlueprint {
  const intervalMs = random.pick([1000, 2000, 5000, 5000]);
  return {
    name,
    port,
    rise: random.int(1, 3),
    fall: random.int(1, 3),
    intervalMs,
    fastMs: random.pick([100, 500, 1000]),
    timeoutMs: random.pick([300, 500, 1000]),
    advisory,
    watch: random.chance(0.3),
  };
}

function attributes(random: Random, med: number, nth: number): Attributes {
  return {
    med: random.chance(0.7) ? med + nth : undefined,
    communities: random.chance(0.4) ? [`64496:${med + nth}`] : [],
  };
}

/** The second service names the first one's prefixes too; they agree on what is announced. */
function share(random: Random, services: ServiceBlueprint[]): void {
  const [first, second] = services;
  if (first === undefined || second === undefined) return;
  const { announce, degraded, draining, down, shared, neighbors, isHeld } = first;
  const prefixes = random.chance(0.5) ? first.prefixes : [...first.prefixes, ...second.prefixes];
  const same = { announce, degraded, draining, down, shared, neighbors, isHeld };
  services[1] = { ...second, ...same, prefixes };
}

/** The file: YAML that happens to be JSON. */
export function configText({ pop, reconcileMs, services }: Blueprint): string {
  const file = {
    pop,
    exabgp: { "reconcile-interval": `${reconcileMs}ms` },
    services: Object.fromEntries(services.map((service) => [service.name, serviceText(service)])),
  };
  return JSON.stringify(file);
}

function serviceText(service: ServiceBlueprint): unknown {
  const { prefixes, announce, degraded, draining, down, require, neighbors } = service;
  const when = {
    ...(degraded && { degraded: written(degraded) }),
    ...(draining && { draining: written(draining) }),
    ...(down && { down: written(down) }),
  };
  return {
    prefixes,
    scope: "local",
    announce: {
      "next-hop": { ipv4: "self", ipv6: NEXT_HOP_V6 },
      ...written(announce),
      ...(neighbors && { neighbors }),
    },
    when,
    "drain-delay": `${service.drainDelayMs}ms`,
    "min-up-time": `${service.minUpTimeMs}ms`,
    require: typeof require === "number" ? { "at-least": require } : require,
    ...(service.isHeld && { hold: "damping-safe" }),
    shared: service.shared,
    checks: Object.fromEntries(service.checks.map((check) => [check.name, checkText(check)])),
  };
}

/** Where the sessions are of IPv4, `self` is none for the other family. */
export const NEXT_HOP_V6 = "2001:db8::1";

function checkText(check: CheckBlueprint): unknown {
  return {
    type: "tcp",
    host: "127.0.0.1",
    port: check.port,
    interval: `${check.intervalMs}ms`,
    "fast-interval": `${check.fastMs}ms`,
    "slow-interval": `${check.intervalMs}ms`,
    timeout: `${check.timeoutMs}ms`,
    rise: check.rise,
    fall: check.fall,
    advisory: check.advisory,
    watch: check.watch,
  };
}

function written({ med, communities }: Attributes): Readonly<Record<string, unknown>> {
  return { ...(med !== undefined && { med }), ...(communities.length > 0 && { communities }) };
}
