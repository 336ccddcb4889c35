/** The configuration with every default filled in, in the words of the file. */
import type { CheckSpec } from "../../checks/registry.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { fillAnnounce, fillWhen } from "./fill-announce.ts";
import { fillHold } from "./hold.ts";
import { fillCheck } from "./fill-check.ts";
import { formatListen, parseListen } from "./listen.ts";
import { parsePrefix } from "./prefix.ts";
import { SOCKET_DEFAULT, STATE_DIR_DEFAULT } from "./paths.ts";
import { ACK_TIMEOUT_DEFAULT, RECONCILE_INTERVAL_DEFAULT } from "./schema.ts";
import type { Config, Exabgp, Http } from "./schema.ts";
import type { Window } from "./schema-maintenance.ts";
import {
  isUse,
  Judging,
  type Check,
  type ServiceCheck,
  type SharedCheck,
  type Use,
} from "./schema-check.ts";
import type { Service, When } from "./schema-service.ts";
import { CheckTiming } from "./schema-timing.ts";
import { resolveTiming, writeTiming, type Filled } from "./timing.ts";

const DRAIN_DELAY_DEFAULT = "0s";

const MIN_UP_TIME_DEFAULT = "0s";

/** The zone of no daylight saving time. */
const TIMEZONE_DEFAULT = "UTC";

/** What `anyctl config show` prints; a valid file again. */
export interface EffectiveConfig {
  readonly pop: string;
  readonly "state-dir": string;
  readonly socket: string;
  readonly http?: Http;
  readonly exabgp: Filled<Exabgp>;
  readonly defaults: Filled<CheckTiming>;
  /** Absent: none. */
  readonly checks?: Readonly<Record<string, SharedCheck & Filled<CheckTiming>>>;
  readonly services: Readonly<Record<string, EffectiveService>>;
  readonly maintenance: readonly Filled<Window>[];
}

/** One service in it. */
export interface EffectiveService extends Filled<Omit<Service, "checks" | "allow">> {
  /** Absent: nothing. */
  readonly allow?: NonNullable<Service["allow"]>;
  readonly when: Filled<When>;
  readonly checks: Readonly<Record<string, Use | (Check & Filled<CheckTiming>)>>;
}

/** @param services Of all files, in the order in which they are read. */
export function fillDefaults(
  config: Omit<Config, "services">,
  services: readonly (readonly [string, Service])[],
  hostName: string,
): EffectiveConfig {
  const defaults = config.defaults ?? {};
  return {
    pop: config.pop ?? popOf(hostName),
    "state-dir": config["state-dir"] ?? STATE_DIR_DEFAULT,
    socket: config.socket ?? SOCKET_DEFAULT,
    ...(config.http === undefined ? {} : { http: fillHttp(config.http) }),
    exabgp: {
      dialect: config.exabgp?.dialect ?? "auto",
      "ack-timeout": canonicalDuration(config.exabgp?.["ack-timeout"] ?? ACK_TIMEOUT_DEFAULT),
      "reconcile-interval": canonicalDuration(
        config.exabgp?.["reconcile-interval"] ?? RECONCILE_INTERVAL_DEFAULT,
      ),
    },
    defaults: writeTiming(resolveTiming(defaults, {})),
    ...(config.checks && {
      checks: Object.fromEntries(
        Object.entries(config.checks).map(([name, check]) => [
          name,
          fillTimed(check, [], defaults),
        ]),
      ),
    }),
    services: Object.fromEntries(
      services.map(([name, service]) => [name, fillService(service, defaults)]),
    ),
    maintenance: (config.maintenance ?? []).map(fillWindow),
  };
}

function fillService(service: Service, defaults: CheckTiming): EffectiveService {
  const prefixes = service.prefixes.map((text) => parsePrefix(text)?.text ?? text);
  return {
    prefixes,
    announce: fillAnnounce(service.announce ?? {}),
    when: fillWhen(service.announce ?? {}, service.when),
    "drain-delay": canonicalDuration(service["drain-delay"] ?? DRAIN_DELAY_DEFAULT),
    require: fillRequire(service.require ?? "all"),
    "min-up-time": canonicalDuration(service["min-up-time"] ?? MIN_UP_TIME_DEFAULT),
    hold: fillHold(service.hold),
    scope: service.scope ?? "global",
    ...(service.allow && { allow: service.allow }),
    shared: service.shared ?? "all",
    "on-stall": service["on-stall"] ?? "withdraw",
    checks: Object.fromEntries(
      Object.entries(service.checks).map(([name, check]) => [
        name,
        {
          ...(isUse(check) ? { use: check.use } : fillTimed(check, prefixes, defaults)),
          ...fillJudging(check, service.require),
        },
      ]),
    ),
  };
}

/** @param prefixes Of its service; a shared check has none. */
function fillTimed(
  check: SharedCheck,
  prefixes: readonly string[],
  defaults: CheckTiming,
): SharedCheck & Filled<CheckTiming> {
  return { ...fillCheck(specOf(check), prefixes), ...writeTiming(resolveTiming(defaults, check)) };
}

function fillRequire(require: NonNullable<Service["require"]>): NonNullable<Service["require"]> {
  if (typeof require === "string" || "at-least" in require) return require;
  return { weight: require.weight, hysteresis: require.hysteresis ?? 0 };
}

/** A weight is shown where it counts: elsewhere it would be a warning, or an error. */
function fillJudging(check: ServiceCheck, require: Service["require"]): Judging {
  const { weight = 1, advisory = false } = check;
  const counts = typeof require === "object" && "weight" in require && !advisory;
  return counts || check.weight !== undefined ? { weight, advisory } : { advisory };
}

function fillHttp({ listen }: Http): Http {
  const address = parseListen(listen);
  return { listen: address === undefined ? listen : formatListen(address) };
}

function fillWindow(window: Window): Filled<Window> {
  return {
    services: window.services,
    cron: window.cron.replace(/ +/g, " "),
    for: canonicalDuration(window.for),
    timezone: window.timezone ?? TIMEZONE_DEFAULT,
    reason: window.reason,
  };
}

/** What is left belongs to the check type. */
export function specOf(check: Check): CheckSpec {
  const others = { ...CheckTiming.shape, ...Judging.shape };
  const spec = Object.entries(check).filter(([key]) => !(key in others));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a check is its type's keys and others, and those were taken out
  return Object.fromEntries(spec) as CheckSpec;
}

function canonicalDuration(text: string): string {
  return formatDuration(parseDuration(text));
}

/** The kernel allows more in a host name than `pop` may have. */
function popOf(hostName: string): string {
  const name = hostName.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 255) || "localhost";
}
