/** The effective configuration becomes what decisions need: milliseconds, numbers, routes. */
import { specOf, type EffectiveConfig, type EffectiveService } from "./effective.ts";
import { parseDuration } from "./duration.ts";
import { buildHold } from "./hold.ts";
import { announceIn, VARIANTS } from "./overlay.ts";
import type { CheckPlan, Plan, Require, ServicePlan, WindowPlan } from "./plan.ts";
import { buildRoute } from "./routes.ts";
import { isUse, type Judging, type SharedCheck } from "./schema-check.ts";
import { resolveTiming } from "./timing.ts";

export function buildPlan(config: EffectiveConfig): Plan {
  return {
    pop: config.pop,
    services: Object.entries(config.services).map(([name, service]) =>
      buildService(name, service, config.checks ?? {}),
    ),
  };
}

function buildService(
  name: string,
  service: EffectiveService,
  shared: NonNullable<EffectiveConfig["checks"]>,
): ServicePlan {
  const hold = buildHold(service.hold);
  return {
    name,
    require: buildRequire(service.require),
    shared: service.shared,
    routes: service.prefixes.map((prefix) => buildRoute(prefix, service.announce)),
    when: buildWhen(service),
    drainDelayMs: parseDuration(service["drain-delay"]),
    minUpTimeMs: parseDuration(service["min-up-time"]),
    ...(hold && { hold }),
    ...(service["on-stall"] === "keep" && { onStall: "keep" as const }),
    checks: Object.entries(service.checks).flatMap(([check, keys]) => {
      const probed = isUse(keys) ? shared[keys.use] : keys;
      const use = isUse(keys) ? keys.use : undefined;
      return probed === undefined
        ? []
        : buildCheck(`${name}/${check}`, probed, { ...judgingOf(keys), use });
    }),
  };
}

function buildWhen({ prefixes, announce, when }: EffectiveService): ServicePlan["when"] {
  return Object.fromEntries(
    VARIANTS.flatMap((variant) => {
      const other = announceIn(announce, when, variant);
      if (other === undefined) return [];
      return [[variant, prefixes.map((prefix) => buildRoute(prefix, other))]];
    }),
  );
}

export function buildWindow(window: EffectiveConfig["maintenance"][number]): WindowPlan {
  const { services, cron, timezone, reason } = window;
  return { services, cron, forMs: parseDuration(window.for), timezone, reason };
}

function buildRequire(require: EffectiveService["require"]): Require {
  if (typeof require === "string") return require;
  if ("at-least" in require) return { atLeast: require["at-least"] };
  return { weight: require.weight, hysteresis: require.hysteresis ?? 0 };
}

function judgingOf({
  weight = 1,
  advisory = false,
}: Judging): Pick<CheckPlan, "weight" | "advisory"> {
  return { weight, advisory };
}

/** @param id `SERVICE/CHECK` */
function buildCheck(
  id: string,
  check: SharedCheck,
  judging: Pick<CheckPlan, "weight" | "advisory" | "use">,
): CheckPlan {
  const name = id.slice(id.indexOf("/") + 1);
  return { id, name, ...resolveTiming({}, check), ...judging, spec: specOf(check) };
}
