/** `POST /v1/canary`: the self-test of withdrawal. */
import { errorAnswer, json, STARTING, type Answer } from "./answer.ts";
import type { ErrorBody } from "./protocol.ts";

export const CANARY_PATH = "/v1/canary";

/** Two answers and two echoes; ExaBGP may be busy. */
export const CANARY_MAX_MS = 45_000;

export interface CanaryOrder {
  readonly prefix: string;
  /** Name of a file in state-dir/drains whose owner is the actor. */
  readonly proof?: string;
}

/**
 * `announce`, `withdraw`: ExaBGP's answer to the command. `announced`, `withdrawn`: the UPDATE to each neighbor, as
 * ExaBGP echoes it; `untold` where no echo is configured.
 */
export interface CanaryStep {
  readonly step: "announce" | "announced" | "withdraw" | "withdrawn";
  readonly outcome: "done" | "error" | "timeout" | "unconfirmed" | "sent" | "untold";
  /** From the step's begin to its end. */
  readonly elapsedMs: number;
  /** The exact line that was written. */
  readonly line?: string;
  /** Who was sent it. */
  readonly neighbors?: readonly string[];
  /** For people. */
  readonly detail?: string;
}

/** What became of all of it. `unsent`: ExaBGP tells what it sends, and told of no UPDATE: no session takes the prefix. */
export type CanaryOutcome = "passed" | "no-session" | "unsent" | "refused" | "timeout";

export interface CanaryAnswer {
  readonly outcome: CanaryOutcome;
  readonly prefix: string;
  readonly actor: string;
  readonly steps: readonly CanaryStep[];
  /** When it began. */
  readonly sessions: readonly { readonly neighbor: string; readonly state: string }[];
}

export interface CanarySource {
  /** An error: it was not tried. `starting`: nothing has been decided yet. */
  readonly canary?: (order: CanaryOrder) => Promise<CanaryAnswer | ErrorBody> | "starting";
}

/** 200: it was tried; 409: it was not, the body says why. */
export async function obeyCanary(
  { canary }: CanarySource,
  body: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const { prefix, proof, ...others } = body;
  const isOrder = typeof prefix === "string" && (proof === undefined || typeof proof === "string");
  if (!isOrder || Object.keys(others).length > 0) {
    return errorAnswer(400, "The body must be {prefix: PREFIX, proof?: NAME}");
  }
  const asked = canary?.({ prefix, ...(proof === undefined ? {} : { proof }) }) ?? "starting";
  if (asked === "starting") return errorAnswer(503, STARTING);
  const told = await asked;
  return json("error" in told ? 409 : 200, told);
}
