/** Waiting until the agent has seen what was ordered, and what became of it. */
import { AgentUnreachable } from "../control/client.ts";
import type { Status } from "../control/protocol.ts";
import { ALL_SERVICES } from "./drain-order.ts";
import { tryStatus } from "./agent-client.ts";
import type { CommandIo } from "./io.ts";
import { table, type Cell } from "./table.ts";
import {
  STATE_COLORS,
  summarizeRoutes,
  type RouteStatus,
  type ServiceStatus,
} from "./status-words.ts";

/** The agent sees a change within 100 ms, and ExaBGP answers within 10; a second look costs little. */
const WAIT_MAX_MS = 2000;

const PAUSE_MS = 25;

/**
 * Asks until `isSettled`.
 *
 * @returns The last status; `isSettled` may not hold for it after two seconds.
 */
export async function waitForStatus(
  socketPath: string,
  isSettled: (status: Status) => boolean,
  io: CommandIo,
): Promise<Status | AgentUnreachable> {
  const endMs = io.timers.nowMs() + WAIT_MAX_MS;
  for (;;) {
    const isLast = io.timers.nowMs() >= endMs;
    // Each look may take its time: an agent that is slow at the end is not one that does not answer.
    const status = await tryStatus(socketPath, io);
    if (status instanceof AgentUnreachable || isSettled(status) || isLast) return status;
    await new Promise<void>((resolve) => io.timers.after(PAUSE_MS, resolve));
  }
}

/** Whether ExaBGP has answered, one way or the other, all commands for the services that `targets` are about. */
export function isAnswered(status: Status, targets: readonly string[]): boolean {
  return !about(status, targets).some(({ routes }) =>
    routes.some(({ answer }) => answer === "pending"),
  );
}

/** Prefixes of drained services that are not surely withdrawn. */
export interface OpenWithdrawals {
  /** ExaBGP refused, or gave no answer in its time. */
  readonly failed: readonly string[];
  /** Not written, or not answered yet. */
  readonly pending: readonly string[];
}

/** What keeps the services that `targets` are about in the anycast set, once the agent has seen their drains. */
export function openWithdrawals(status: Status, targets: readonly string[]): OpenWithdrawals {
  const open = { failed: new Set<string>(), pending: new Set<string>() };
  for (const { state, routes } of about(status, targets)) {
    for (const route of routes) {
      const fate = fateOf(state, route);
      if (fate !== "done") open[fate].add(route.prefix);
    }
  }
  return { failed: [...open.failed], pending: [...open.pending] };
}

function fateOf(
  state: ServiceStatus["state"],
  { wanted, told, answer }: RouteStatus,
): "done" | "failed" | "pending" {
  // Another service keeps the prefix, or nobody has decided yet whether one does. A service that is not drained
  // belongs to an agent that stops: its successor will drain it.
  if (wanted !== "withdraw") return state === "drained" ? "done" : "pending";
  if (told !== "withdrawn") return "pending";
  if (answer === "failed") return "failed";
  return answer === "done" ? "done" : "pending";
}

/** One line for each service that `targets` are about. */
export function printServices(status: Status, targets: readonly string[], io: CommandIo): void {
  const services = about(status, targets);
  if (services.length === 0) return;
  const rows: (Cell | string)[][] = services.map(({ name, state, reason, routes }) => [
    name,
    { text: state, color: STATE_COLORS[state] },
    reason,
    summarizeRoutes(routes),
  ]);
  io.stdout(table([["SERVICE", "STATE", "REASON", "ROUTES"], ...rows], io.color));
}

function about({ services }: Status, targets: readonly string[]): readonly ServiceStatus[] {
  const isAll = targets.includes(ALL_SERVICES);
  return services.filter(({ name }) => isAll || targets.includes(name));
}
