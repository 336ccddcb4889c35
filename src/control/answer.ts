/** An answer to a request, before it is written. */
import type { ServerResponse } from "node:http";
import type { ErrorBody } from "./protocol.ts";
import { safeJsonLine } from "./unsafe-text.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Goes on with the answer, which does not end by itself. */
  readonly stream?: (response: ServerResponse) => void;
}

export type TextAnswer = Answer & { readonly body: string };

export const JSON_HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** Why an agent says 503 whose first decision is still to come. */
export const STARTING = "The agent has only just started; try again";

export function errorAnswer(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): TextAnswer {
  const body: ErrorBody = { error };
  const answer = json(status, body);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** @param body Anything that JSON can say; curl shows it on a terminal. */
export function json(status: number, body: object): TextAnswer {
  return {
    status,
    headers: JSON_HEADERS,
    body: `${safeJsonLine(JSON.stringify(body))}\n`,
  };
}

export function text(body: string | Uint8Array, headers: Readonly<Record<string, string>>): Answer {
  return {
    status: 200,
    headers: { "cache-control": "no-store", "x-content-type-options": "nosniff", ...headers },
    body,
  };
}
