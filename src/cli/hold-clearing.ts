/** `undrain --clear-hold`: whose withdrawals there are to forget, and whether the agent has done it. */
import { AgentUnreachable } from "../control/client.ts";
import type { Status } from "../control/protocol.ts";
import { about } from "./order-routes.ts";

/** Those of `targets` that are held, or would be when they come back, as far as anybody knows. */
export function heldTargets(
  targets: readonly string[],
  status: Status | AgentUnreachable,
): readonly string[] {
  if (status instanceof AgentUnreachable) return targets;
  return targets.filter((target) => about(status, [target]).some(isCounted));
}

/** Whether the agent has forgotten what it counted `before`; what came later counts anew. */
export function isCleared(
  before: Status | AgentUnreachable,
  now: Status,
  targets: readonly string[],
): boolean {
  if (before instanceof AgentUnreachable) return true;
  const counted = new Map(about(before, targets).map((one) => [one.name, one.withdrawals ?? 0]));
  return about(now, targets).every(({ name, withdrawals = 0 }) => {
    const beforeCount = counted.get(name) ?? 0;
    return beforeCount === 0 || withdrawals < beforeCount;
  });
}

function isCounted({ withdrawals = 0 }: Status["services"][number]): boolean {
  return withdrawals > 0;
}
