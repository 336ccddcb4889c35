/** The configuration with every default filled in, in the words of the file. */
import type { CheckSpec } from "../../checks/registry.ts";
import { parseCommunity, parseExtendedCommunity, parseLargeCommunity } from "./community.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { parsePrefix } from "./prefix.ts";
import { SOCKET_DEFAULT, STATE_DIR_DEFAULT } from "./paths.ts";
import { ACK_TIMEOUT_DEFAULT } from "./schema.ts";
import type { Config, Exabgp } from "./schema.ts";
import { Announce } from "./schema-announce.ts";
import type { Check, Service } from "./schema-service.ts";
import { CheckTiming } from "./schema-timing.ts";
import { resolveTiming, writeTiming, type Filled } from "./timing.ts";

/** What `anyctl config show` prints; a valid file again. */
export interface EffectiveConfig {
  readonly pop: string;
  readonly "state-dir": string;
  readonly socket: string;
  readonly exabgp: Filled<Exabgp>;
  readonly defaults: Filled<CheckTiming>;
  readonly services: Readonly<Record<string, EffectiveService>>;
}

/** One service in it. */
export interface EffectiveService extends Filled<Omit<Service, "checks">> {
  readonly checks: Readonly<Record<string, Check & Filled<CheckTiming>>>;
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
    exabgp: {
      dialect: config.exabgp?.dialect ?? "auto",
      "ack-timeout": canonicalDuration(config.exabgp?.["ack-timeout"] ?? ACK_TIMEOUT_DEFAULT),
    },
    defaults: writeTiming(resolveTiming(defaults, {})),
    services: Object.fromEntries(
      services.map(([name, service]) => [name, fillService(service, defaults)]),
    ),
  };
}

function fillService(service: Service, defaults: CheckTiming): EffectiveService {
  return {
    prefixes: service.prefixes.map((text) => parsePrefix(text)?.text ?? text),
    announce: fillAnnounce(service.announce ?? {}),
    require: service.require ?? "all",
    scope: service.scope ?? "global",
    shared: service.shared ?? "all",
    checks: Object.fromEntries(
      Object.entries(service.checks).map(([name, check]) => [
        name,
        { ...specOf(check), ...writeTiming(resolveTiming(defaults, check)) },
      ]),
    ),
  };
}

/** What is left belongs to the check type. */
export function specOf(check: Check): CheckSpec {
  const spec = Object.entries(check).filter(([key]) => !(key in CheckTiming.shape));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a check is its type's keys and the timing, and the timing was taken out
  return Object.fromEntries(spec) as CheckSpec;
}

/** Attributes that are absent have no default: they are not sent. */
function fillAnnounce(announce: Announce): Announce {
  const lists = {
    communities: numbers(announce.communities, parseCommunity),
    "large-communities": numbers(announce["large-communities"], parseLargeCommunity),
    "extended-communities": numbers(announce["extended-communities"], parseExtendedCommunity),
  };
  const filled = {
    ...announce,
    "next-hop": announce["next-hop"] ?? "self",
    origin: announce.origin ?? "igp",
    "as-path-prepend": announce["as-path-prepend"] ?? 0,
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  };
  // In the order of the reference, whatever the order of the file.
  const order = Object.keys(Announce.shape);
  return Object.fromEntries(
    Object.entries(filled).toSorted(
      ([left], [right]) => order.indexOf(left) - order.indexOf(right),
    ),
  );
}

function numbers(
  texts: readonly string[] | undefined,
  parse: (text: string) => string | undefined,
): string[] {
  return (texts ?? []).map((text) => parse(text) ?? text);
}

function canonicalDuration(text: string): string {
  return formatDuration(parseDuration(text));
}

/** The kernel allows more in a host name than `pop` may have. */
function popOf(hostName: string): string {
  const name = hostName.replace(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 255) || "localhost";
}
