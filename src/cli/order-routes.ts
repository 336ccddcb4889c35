/** How far ExaBGP and the neighbors have followed an order, as the agent tells it. */
import type { Status } from "../control/protocol.ts";
import { ALL_SERVICES } from "./order-arguments.ts";
import type { RouteStatus, ServiceStatus } from "./status-words.ts";

/** What is still open, prefix by prefix, each once. */
export interface Open {
  /** ExaBGP refused, or gave no answer in its time. */
  readonly failed: readonly string[];
  /** Not written, or not answered yet. */
  readonly pending: readonly string[];
  /** Accepted, but no UPDATE was heard of that tells these neighbors. */
  readonly unsent: readonly { readonly prefix: string; readonly neighbors: readonly string[] }[];
  /** Announced as draining; `withdrawsAt` is RFC 3339. */
  readonly staged: readonly {
    readonly service: string;
    readonly withdrawsAt: string | undefined;
  }[];
}

/** What keeps the services that `targets` are about in the anycast set, once the agent has seen their drains. */
export function openWithdrawals(status: Status, targets: readonly string[]): Open {
  const open = { failed: new Set<string>(), pending: new Set<string>() };
  const unsent = new Map<string, string[]>();
  const services = about(status, targets);
  for (const { state, routes } of services) {
    if (state === "draining") continue;
    for (const route of routes) {
      const fate = fateOf(state, route);
      if (fate !== "done") open[fate].add(route.prefix);
      const neighbors = told(status, route, "announce");
      if (fate === "done" && route.wanted === "withdraw" && neighbors.length > 0) {
        unsent.set(route.prefix, neighbors);
      }
    }
  }
  return {
    failed: [...open.failed],
    pending: [...open.pending],
    unsent: [...unsent].map(([prefix, neighbors]) => ({ prefix, neighbors })),
    staged: services.flatMap(({ name, state, withdrawsAt }) =>
      state === "draining" ? [{ service: name, withdrawsAt }] : [],
    ),
  };
}

function fateOf(
  state: ServiceStatus["state"],
  { wanted, told: last, answer }: RouteStatus,
): "done" | "failed" | "pending" {
  // Another service keeps the prefix, or nobody has decided yet whether one does. A service that is not drained
  // belongs to an agent that stops: its successor will drain it.
  if (wanted !== "withdraw") return state === "drained" ? "done" : "pending";
  if (last !== "withdrawn") return "pending";
  if (answer === "failed") return "failed";
  return answer === "done" ? "done" : "pending";
}

/** What keeps the services that `targets` are about out of the anycast set. */
export function openAnnouncements(
  status: Status,
  services: readonly ServiceStatus[],
): Omit<Open, "staged"> & {
  /** Nobody, or not everybody, wants it announced. */ unwanted: string[];
} {
  const routes = services.flatMap((one) => one.routes.filter((route) => !isWithheld(one, route)));
  const unwanted = routes.filter((route) => !isWanted(route));
  const wanted = routes.filter(isWanted);
  const failed = wanted.filter(({ answer }) => answer === "failed");
  const pending = wanted.filter(
    ({ told: last, answer }) => answer !== "failed" && (last !== "announced" || answer !== "done"),
  );
  const done = wanted.filter((route) => !failed.includes(route) && !pending.includes(route));
  return {
    failed: prefixesOf(failed),
    pending: prefixesOf(pending),
    unwanted: prefixesOf(unwanted),
    unsent: done.flatMap((route) => {
      const neighbors = told(status, route, "withdraw");
      return neighbors.length === 0 ? [] : [{ prefix: route.prefix, neighbors }];
    }),
  };
}

/** Nobody can have it: there is nothing to be waited for. */
export function isWithheld({ state }: ServiceStatus, { wanted, withheld }: RouteStatus): boolean {
  const isOut = state !== "up" && state !== "pinned" && state !== "degraded";
  return withheld !== undefined && wanted === "withdraw" && !isOut;
}

/** With the attributes of `draining` it is still on its way out. */
function isWanted({ wanted, variant }: RouteStatus): boolean {
  return wanted === "announce" && variant !== "draining";
}

function prefixesOf(routes: readonly RouteStatus[]): string[] {
  return [...new Set(routes.map(({ prefix }) => prefix))];
}

/** Neighbors of which the last that was heard is that they were sent this; none where nothing is heard. */
function told(
  { exabgp }: Status,
  { sent }: RouteStatus,
  action: "announce" | "withdraw",
): string[] {
  if (exabgp.echo !== "on") return [];
  return sent.filter((update) => update.action === action).map(({ neighbor }) => neighbor);
}

/** Neighbors that were sent `action` for prefixes of these services, each once. */
export function neighborsTold(
  status: Status,
  services: readonly ServiceStatus[],
  action: "announce" | "withdraw",
): string[] {
  const routes = services.flatMap((service) => service.routes);
  return [...new Set(routes.flatMap((route) => told(status, route, action)))].toSorted();
}

/** Whether ExaBGP has answered, one way or the other, all commands for the services that `targets` are about. */
export function isAnswered(status: Status, targets: readonly string[]): boolean {
  return !about(status, targets).some(({ routes }) =>
    routes.some(({ answer }) => answer === "pending"),
  );
}

/** How long the longest stage of these services lasts from now on; 0 without one. */
export function stageLeftMs(status: Status, targets: readonly string[], wallMs: number): number {
  const ends = openWithdrawals(status, targets).staged.map(({ withdrawsAt }) =>
    Date.parse(withdrawsAt ?? ""),
  );
  return Math.max(0, ...ends.map((endMs) => (Number.isNaN(endMs) ? 0 : endMs - wallMs)));
}

export function about({ services }: Status, targets: readonly string[]): readonly ServiceStatus[] {
  const isAll = targets.includes(ALL_SERVICES);
  return services.filter(({ name }) => isAll || targets.includes(name));
}
