/** Asks the agent about reloads, and for one. */
import type { Timers } from "../../checks/timers.ts";
import { AgentUnreachable, askAgent } from "./client.ts";
import { RELOAD_MAX_MS } from "./order-routes.ts";
import type { ErrorBody } from "./protocol.ts";
import type { PlanAnswer, ReloadAnswer, ReloadOrder } from "./reload-protocol.ts";

/** An agent with a thousand services has a megabyte to tell. */
const PLAN_MAX_MS = 5000;

/**
 * `GET /v1/plan`.
 *
 * @returns What the agent has in force, or why it cannot say.
 * @throws {AgentUnreachable}
 */
export async function getPlan(socketPath: string, timers: Timers): Promise<PlanAnswer | ErrorBody> {
  const asked = { path: "/v1/plan", statuses: [503] };
  const { value } = await askAgent(socketPath, asked, PLAN_MAX_MS, timers);
  if (isObject(value) && typeof value["error"] === "string") return { error: value["error"] };
  if (isPlan(value)) return value;
  throw strange(socketPath, "a plan");
}

/**
 * `POST /v1/reload`. An agent that has not answered in the end may have reloaded all the same.
 *
 * @returns What became of it, or why it was not even tried.
 * @throws {AgentUnreachable}
 */
export async function postReload(
  socketPath: string,
  order: ReloadOrder,
  timers: Timers,
): Promise<ReloadAnswer | ErrorBody> {
  const asked = { path: "/v1/reload", order, statuses: [409, 422, 503] };
  const { value } = await askAgent(socketPath, asked, RELOAD_MAX_MS, timers);
  if (isObject(value) && typeof value["error"] === "string") return { error: value["error"] };
  if (isReload(value)) return value;
  throw strange(socketPath, "that of a reload");
}

function strange(socketPath: string, what: string): AgentUnreachable {
  const why = `the answer is not ${what}; perhaps the agent is of another version`;
  return new AgentUnreachable("wrong-answer", socketPath, why);
}

/** Of the same version everything else is as it should be. */
function isPlan(value: unknown): value is PlanAnswer {
  return (
    isObject(value) &&
    typeof value["version"] === "string" &&
    typeof value["hash"] === "string" &&
    typeof value["nowMs"] === "number" &&
    isObject(value["settings"]) &&
    isObject(value["snapshot"])
  );
}

function isReload(value: unknown): value is ReloadAnswer {
  if (!isObject(value)) return false;
  const { outcome, actor, from, to, problems, warnings, settings, diff } = value;
  return (
    [outcome, actor, from, to].every((text) => typeof text === "string") &&
    [problems, warnings].every(isTexts) &&
    isObject(settings) &&
    isTexts(settings["now"]) &&
    isTexts(settings["atRestart"]) &&
    (diff === undefined || isDiff(diff))
  );
}

function isDiff(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { now, services, unchanged } = value;
  return (
    [value["prefixes"], value["checks"], value["decisions"], value["later"]].every(Array.isArray) &&
    [now, services, unchanged].every(isObject)
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
