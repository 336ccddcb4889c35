/** `POST /v1/services/NAME/probe`: the checks of a service are probed at once. */
import { errorAnswer, json, STARTING, type Answer } from "./answer.ts";
import type { ErrorBody } from "./protocol.ts";

/** The body of the answer: what is probed now, not what came of it; that is in the status. */
export interface ProbeAnswer {
  readonly service: string;
  readonly checks: readonly string[];
}

export interface ProbeSource {
  /** `starting`: nothing has been decided yet. */
  readonly probe?: (service: string) => ProbeAnswer | ErrorBody | "starting";
}

export const PROBE_PATH = "/v1/services/NAME/probe";

/** @returns The service that `path` wants to be probed, undefined if it is another path. */
export function probedService(path: string): string | undefined {
  const name = /^\/v1\/services\/(?<name>[^/]{1,200})\/probe$/.exec(path)?.groups?.["name"];
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** 202: they are probed now; 404: there is no such service. */
export function obeyProbe(
  { probe }: ProbeSource,
  service: string,
  body: Readonly<Record<string, unknown>>,
): Answer {
  if (Object.keys(body).length > 0) return errorAnswer(400, "The body must be {}");
  const told = probe?.(service) ?? "starting";
  if (told === "starting") return errorAnswer(503, STARTING);
  return json("error" in told ? 404 : 202, told);
}
