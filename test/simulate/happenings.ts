/** What happens to a simulated PoP: made from a seed, each on its own, so that any of them can be left out. */
import type { Mode } from "./targets.ts";
import type { Blueprint, ServiceBlueprint } from "./blueprint.ts";
import { STATIC_PREFIX } from "./blueprint.ts";
import type { ExabgpSettings } from "./exabgp.ts";
import { Random } from "./random.ts";

export type Happening = { readonly atMs: number } & (
  | { readonly kind: "target"; readonly port: number; readonly mode: Mode }
  | { readonly kind: "rattle"; readonly port: number }
  | {
      readonly kind: "drain";
      readonly service: string;
      readonly how: "order" | "touch" | "garbage";
      readonly gracefulMs: number | undefined;
      readonly forMs: number | undefined;
      readonly transient: boolean;
    }
  | {
      readonly kind: "undrain";
      readonly service: string;
      readonly how: "order" | "remove";
      readonly clearsHold: boolean;
    }
  | { readonly kind: "pin"; readonly service: string; readonly forMs: number }
  | { readonly kind: "unpin"; readonly service: string }
  | { readonly kind: "reload"; readonly blueprint: Blueprint | "invalid"; readonly force: boolean }
  | { readonly kind: "kill" }
  /** At the next line that it writes: before it, in the middle of it, or right after it. */
  | { readonly kind: "kill-writing"; readonly part: 0 | 0.5 | 1 }
  | { readonly kind: "terminate" }
  | { readonly kind: "stall"; readonly ms: number }
  | { readonly kind: "exabgp-crash"; readonly downMs: number }
  | { readonly kind: "hang" | "slow" | "refuse"; readonly ms: number }
  | { readonly kind: "lose"; readonly ms: number; readonly probability: number }
  | { readonly kind: "stale"; readonly count: number }
  | { readonly kind: "session"; readonly neighbor: string; readonly downMs: number }
  | { readonly kind: "others"; readonly line: string }
  | { readonly kind: "disk-full"; readonly ms: number }
  | { readonly kind: "wall-step"; readonly ms: number }
);

type Kind = Happening["kind"];

/** How often each comes, against the others. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  target: 40,
  rattle: 4,
  drain: 9,
  undrain: 7,
  pin: 3,
  unpin: 1,
  reload: 5,
  kill: 5,
  "kill-writing": 3,
  terminate: 2,
  stall: 4,
  "exabgp-crash": 2,
  hang: 2,
  slow: 2,
  refuse: 2,
  lose: 3,
  stale: 1,
  session: 4,
  others: 4,
  "disk-full": 1,
  "wall-step": 1,
};

export const KINDS: readonly string[] = Object.keys(WEIGHTS);

/** How often a reload changes what. */
const RELOADS = {
  same: 2,
  timing: 2,
  hold: 1,
  attributes: 2,
  neighbors: 2,
  prefix: 2,
  renumber: 2,
  remove: 2,
};

/** Much happens for a while, then nothing, for so long that all must be well again. */
const BUSY_MIN_MS = 30_000;
const BUSY_MAX_MS = 300_000;
const CALM_MS = 600_000;

/** As often not: then one thing meets what another has left. */
const SHORT_CALM = 0.4;
const SHORT_CALM_MS = 60_000;
const BUSY_COUNT_MAX = 8;

/** At the end of what is busy all services answer again, more often than not. */
const RECOVERY = 0.6;

export function happeningsOf(
  seed: number,
  durationMs: number,
  blueprint: Blueprint,
  exabgp: ExabgpSettings,
): Happening[] {
  const random = new Random(seed, "happenings");
  const made = new Maker(random, blueprint, exabgp);
  const happenings: Happening[] = [];
  let atMs = random.int(0, 40_000);
  while (atMs < durationMs) {
    const busyMs = random.int(BUSY_MIN_MS, BUSY_MAX_MS);
    const count = random.int(2, BUSY_COUNT_MAX);
    const moments = Array.from({ length: count }, () => atMs + random.int(0, busyMs));
    for (const moment of moments.toSorted((a, b) => a - b)) {
      happenings.push(made.one(moment, random.weighted(WEIGHTS)));
      // Things come together.
      if (random.chance(0.25)) {
        happenings.push(made.one(moment + random.int(0, 400), random.weighted(WEIGHTS)));
      }
    }
    if (random.chance(RECOVERY)) happenings.push(...made.recovery(atMs + busyMs));
    atMs += busyMs + (random.chance(SHORT_CALM) ? SHORT_CALM_MS : CALM_MS);
  }
  return happenings.filter((one) => one.atMs < durationMs).toSorted((a, b) => a.atMs - b.atMs);
}

class Maker {
  readonly #random: Random;
  readonly #blueprint: Blueprint;
  readonly #exabgp: ExabgpSettings;
  #reloads = 1;

  constructor(random: Random, blueprint: Blueprint, exabgp: ExabgpSettings) {
    this.#random = random;
    this.#blueprint = blueprint;
    this.#exabgp = exabgp;
  }

  recovery(atMs: number): Happening[] {
    return this.#ports.map((port) => ({ atMs, kind: "target", port, mode: "passes" }));
  }

  one(atMs: number, kind: Kind): Happening {
    const random = this.#random;
    const ms = (least: number, most: number) => random.int(least, most);
    switch (kind) {
      case "target":
        return { atMs, kind, port: random.pick(this.#ports), mode: this.#mode() };
      case "rattle":
        return { atMs, kind, port: random.pick(this.#ports) };
      case "drain":
        return {
          atMs,
          kind,
          service: this.#name(),
          how: random.weighted({ order: 8, touch: 1, garbage: 1 }),
          gracefulMs: random.chance(0.3) ? random.pick([0, 3000, 30_000]) : undefined,
          forMs: random.chance(0.3) ? random.pick([10_000, 60_000, 300_000]) : undefined,
          transient: random.chance(0.15),
        };
      case "undrain":
        return {
          atMs,
          kind,
          service: this.#name(),
          how: random.chance(0.8) ? "order" : "remove",
          clearsHold: random.chance(0.1),
        };
      case "pin":
        return { atMs, kind, service: this.#service().name, forMs: ms(10_000, 120_000) };
      case "unpin":
        return { atMs, kind, service: this.#service().name };
      case "reload":
        return { atMs, kind, blueprint: this.#changed(), force: random.chance(0.2) };
      case "kill":
      case "terminate":
        return { atMs, kind };
      case "kill-writing":
        return { atMs, kind, part: random.pick([0, 0.5, 1]) };
      case "stall":
        return { atMs, kind, ms: random.pick([600, 1100, 2500, 8000, 40_000]) };
      case "exabgp-crash":
        return { atMs, kind, downMs: ms(1000, 6000) };
      case "hang":
        return { atMs, kind, ms: random.pick([1000, 4000, 12_000, 60_000]) };
      case "slow":
      case "refuse":
        return { atMs, kind, ms: ms(3000, 40_000) };
      case "lose":
        return { atMs, kind, ms: ms(3000, 40_000), probability: random.pick([0.1, 0.5, 1]) };
      case "stale":
        return { atMs, kind, count: random.pick([1, 3, 900]) };
      case "session": {
        const { address } = random.pick(this.#exabgp.peers);
        return { atMs, kind, neighbor: address, downMs: ms(10, 60_000) };
      }
      case "others":
        return { atMs, kind, line: this.#line() };
      case "disk-full":
        return { atMs, kind, ms: ms(5000, 120_000) };
      case "wall-step":
        return { atMs, kind, ms: random.pick([-3_600_000, -5000, 5000, 3_600_000]) };
    }
  }

  get #ports(): number[] {
    return this.#blueprint.services.flatMap(({ checks }) => checks.map(({ port }) => port));
  }

  #service(): ServiceBlueprint {
    return this.#random.pick(this.#blueprint.services);
  }

  #name(): string {
    return this.#random.chance(0.2) ? "_all" : this.#service().name;
  }

  #mode(): Mode {
    return this.#random.weighted({
      passes: 40,
      refused: 25,
      wrong: 10,
      hangs: 12,
      flaky: 5,
      slow: 4,
      unknown: 4,
    });
  }

  /** By hand on ExaBGP's own command line. */
  #line(): string {
    const random = this.#random;
    const prefix = random.pick([...this.#service().prefixes, STATIC_PREFIX]);
    const hop = prefix.includes(":") ? "2001:db8::9" : random.pick(["self", "198.51.100.9"]);
    const one = random.pick(this.#exabgp.peers).address;
    const head = random.chance(0.4) ? `neighbor ${one} ` : "";
    return random.chance(0.5)
      ? `${head}withdraw route ${prefix} next-hop ${hop}`
      : `${head}announce route ${prefix} next-hop ${hop} med 7`;
  }

  #changed(): Blueprint | "invalid" {
    const random = this.#random;
    if (random.chance(0.2)) return "invalid";
    this.#reloads += 1;
    const base = { ...this.#blueprint, pop: `pop${this.#reloads}` };
    const at = random.int(0, base.services.length - 1);
    const change = (one: (service: ServiceBlueprint) => ServiceBlueprint): Blueprint => ({
      ...base,
      services: base.services.map((service, nth) => (nth === at ? one(service) : service)),
    });
    // Services that name the same prefixes must agree: these are of all.
    const changeAll = (announced: Partial<ServiceBlueprint>): Blueprint => ({
      ...base,
      services: base.services.map((service) => ({ ...service, ...announced })),
    });
    switch (random.weighted(RELOADS)) {
      case "attributes":
        return changeAll({ announce: { med: 300, communities: ["64496:300"] } });
      case "neighbors": {
        const { neighbors } = base.services[0] ?? {};
        // To one that has no session for its family a prefix is told again and again, and never held.
        const both = this.#exabgp.peers.filter(({ families }) => families.length > 1);
        const one = [random.pick(both).address];
        return changeAll({ neighbors: neighbors === undefined ? one : undefined });
      }
      case "same":
        return base;
      case "timing":
        return change((service) => ({
          ...service,
          checks: service.checks.map((check) => ({ ...check, fall: check.fall + 1 })),
        }));
      case "hold":
        return change((service) => ({ ...service, minUpTimeMs: 5000 }));
      case "prefix":
        return change((service) => ({
          ...service,
          prefixes: [...service.prefixes, `192.0.2.${200 + at}/32`],
        }));
      case "renumber":
        return {
          ...base,
          services: base.services.map((service, nth) => ({
            ...service,
            prefixes: [`192.0.2.${128 + nth * 8}/29`],
          })),
        };
      case "remove":
        return base.services.length === 1
          ? base
          : { ...base, services: base.services.filter((_, nth) => nth !== at) };
    }
  }
}

export function happeningText(happening: Happening): string {
  const { atMs: _atMs, kind, ...rest } = happening;
  if ("blueprint" in rest && typeof rest.blueprint === "object") {
    const { pop, services } = rest.blueprint;
    const list = services.map(({ name, prefixes }) => `${name} ${prefixes.join(" ")}`).join("; ");
    return `${kind} ${pop} (${list})${rest.force ? " --force" : ""}`;
  }
  const words = Object.entries(rest).filter(([, value]) => value !== undefined && value !== false);
  return [kind, ...words.map(([key, value]) => `${key}=${String(value)}`)].join(" ");
}
