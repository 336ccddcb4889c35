/** The effective configuration becomes what decisions need: milliseconds, numbers, routes. */
import { specOf, type EffectiveConfig, type EffectiveService } from "./effective.ts";
import { parseDuration } from "./duration.ts";
import { buildHold } from "./hold.ts";
import { announceIn, VARIANTS } from "./overlay.ts";
import type { CheckPlan, Plan, Require, ServicePlan, WindowPlan } from "./plan.ts";
import { buildRoute } from "./routes.ts";
import type { Check } from "./schema-service.ts";
import { resolveTiming } from "./timing.ts";

export function buildPlan(config: EffectiveConfig): Plan {
  return {
    pop: config.pop,
    services: Object.entries(config.services).map(([name, service]) => buildService(name, service)),
  };
}

function buildService(name: string, service: EffectiveService): ServicePlan {
  const hold = buildHold(service.hold);
  return {
    name,
    require: buildRequire(service.require),
    shared: service.shared,
    routes: service.prefixes.map((prefix) => buildRoute(prefix, service.announce)),
    when: buildWhen(service),
    drainDelayMs: parseDuration(service["drain-delay"]),
    minUpTimeMs: 0,
    ...(hold && { hold }),
    checks: Object.entries(service.checks).map(([check, keys]) => buildCheck(name, check, keys)),
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
  return typeof require === "string" ? require : { atLeast: require["at-least"] };
}

function buildCheck(service: string, name: string, check: Check): CheckPlan {
  const spec = specOf(check);
  const judged = { weight: 1, advisory: false, use: undefined };
  return { id: `${service}/${name}`, name, ...resolveTiming({}, check), ...judged, spec };
}
