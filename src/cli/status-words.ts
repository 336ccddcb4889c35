/** How states, verdicts and routes look to people. */
import type { Status } from "../control/protocol.ts";
import type { Color } from "./table.ts";

export type ServiceStatus = Status["services"][number];
export type RouteStatus = ServiceStatus["routes"][number];

export const STATE_COLORS: Readonly<Record<ServiceStatus["state"], Color>> = {
  up: "green",
  pinned: "green",
  degraded: "yellow",
  down: "red",
  held: "red",
  draining: "yellow",
  drained: "yellow",
  starting: "cyan",
  rising: "cyan",
  stopping: "cyan",
};

export const VERDICT_COLORS: Readonly<Record<string, Color>> = {
  up: "green",
  down: "red",
  unknown: "cyan",
};

export const SESSION_COLORS: Readonly<Record<string, Color>> = {
  up: "green",
  down: "red",
  connected: "cyan",
};

/** More are only counted. */
const PREFIXES_SHOWN = 3;

/** `192.0.2.0/24, 198.51.100.0/24 and 498 more` */
export function listPrefixes(prefixes: readonly string[]): string {
  if (prefixes.length <= PREFIXES_SHOWN) return prefixes.join(", ");
  const more = prefixes.length - PREFIXES_SHOWN;
  return `${prefixes.slice(0, PREFIXES_SHOWN).join(", ")} and ${more} more`;
}

/** `192.0.2.0/24 withdrawn (done)`: routes with the same fate together. */
export function summarizeRoutes(routes: readonly RouteStatus[]): string {
  const fates = new Map<string, string[]>();
  for (const { prefix, told, answer } of routes) {
    const fate = told === "unknown" ? "left as it was" : `${told} (${answer})`;
    const group = fates.get(fate);
    if (group === undefined) fates.set(fate, [prefix]);
    else group.push(prefix);
  }
  return [...fates].map(([fate, prefixes]) => `${listPrefixes(prefixes)} ${fate}`).join("; ");
}

/** `advisory, use origin`: what a check is besides one of all that are required; empty for most. */
export function roleOf({ advisory, weight, use }: ServiceStatus["checks"][number]): string {
  return [
    ...(advisory ? ["advisory"] : []),
    ...(weight === 1 ? [] : [`weight ${weight}`]),
    ...(use === undefined ? [] : [`use ${use}`]),
  ].join(", ");
}

/** Whether ExaBGP has not (yet) been brought to what is wanted, as far as anybody knows. */
export function deviates({ wanted, told, answer }: RouteStatus): boolean {
  if (answer === "failed" || answer === "pending") return true;
  if (wanted === "leave") return false;
  return told !== (wanted === "announce" ? "announced" : "withdrawn");
}

/** Whether a prefix is not as the state of this service says: another service shares it, and decides. */
export function isOverruled(
  state: ServiceStatus["state"],
  { wanted, variant }: RouteStatus,
): boolean {
  if (state === "up" || state === "degraded" || state === "pinned") return wanted === "withdraw";
  if (wanted !== "announce") return false;
  return state === "drained" || (state === "down" && variant !== "down");
}
