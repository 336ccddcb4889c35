/** Asks the agent for a self-test of withdrawal. */
import type { Timers } from "../../checks/timers.ts";
import { CANARY_MAX_MS, CANARY_PATH, type CanaryAnswer, type CanaryOrder } from "./canary-order.ts";
import { AgentUnreachable, askAgent } from "./client.ts";
import type { ErrorBody } from "./protocol.ts";

/**
 * `POST /v1/canary`. An agent that has not answered in the end withdraws the prefix all the same.
 *
 * @returns What became of it, or why it was not tried.
 * @throws {AgentUnreachable}
 */
export async function postCanary(
  socketPath: string,
  order: CanaryOrder,
  timers: Timers,
): Promise<CanaryAnswer | ErrorBody> {
  const asked = { path: CANARY_PATH, order, statuses: [409, 503] };
  const { value } = await askAgent(socketPath, asked, CANARY_MAX_MS, timers);
  if (isObject(value) && typeof value["error"] === "string") return { error: value["error"] };
  if (isAnswer(value)) return value;
  const why = "the answer is not that of a self-test; perhaps the agent is of another version";
  throw new AgentUnreachable("wrong-answer", socketPath, why);
}

function isAnswer(value: unknown): value is CanaryAnswer {
  if (!isObject(value)) return false;
  const { outcome, prefix, actor, steps, sessions } = value;
  const isTold = [outcome, prefix, actor].every((text) => typeof text === "string");
  return isTold && [steps, sessions].every((list) => Array.isArray(list) && list.every(isObject));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
