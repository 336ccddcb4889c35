/** Waiting until the agent has seen what was ordered. */
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
 * Asks until `isSeen`, and then until ExaBGP has answered the commands for `targets`.
 *
 * @returns The last status; `isSeen` may not hold for it after two seconds.
 */
export async function waitForStatus(
  socketPath: string,
  targets: readonly string[],
  isSeen: (status: Status) => boolean,
  io: CommandIo,
): Promise<Status | AgentUnreachable> {
  const endMs = io.timers.nowMs() + WAIT_MAX_MS;
  for (;;) {
    const leftMs = endMs - io.timers.nowMs();
    const status = await tryStatus(socketPath, io, Math.max(leftMs, PAUSE_MS));
    if (status instanceof AgentUnreachable) return status;
    const isSettled =
      isSeen(status) && !about(status, targets).some(({ routes }) => routes.some(isOpen));
    if (isSettled || leftMs <= 0) return status;
    await new Promise<void>((resolve) => io.timers.after(PAUSE_MS, resolve));
  }
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

function isOpen({ answer }: RouteStatus): boolean {
  return answer === "pending";
}
