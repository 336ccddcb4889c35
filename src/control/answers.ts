/** The routes of the control API, and what each request gets. */
import type { IncomingMessage } from "node:http";
import type { ErrorBody, Healthz, Status } from "./protocol.ts";

/** What the routes tell. */
export interface ControlSource {
  readonly status: () => Status;
  readonly healthz: () => Healthz;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Paths are compared as they are written: nothing is decoded, nothing is below or above anything. */
const ROUTES: Readonly<Record<string, (source: ControlSource) => Answer>> = {
  "/v1/status": ({ status }) => json(200, status()),
  "/healthz": ({ healthz }) => {
    const health = healthz();
    return json(health.ok ? 200 : 503, health);
  },
};

const METHODS = "GET, HEAD";

export function answerTo(request: IncomingMessage, source: ControlSource): Answer {
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  if (!Object.hasOwn(ROUTES, path)) {
    return errorAnswer(404, `There is no such path; allowed: ${Object.keys(ROUTES).join(", ")}`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return errorAnswer(405, `This method is not allowed; allowed: ${METHODS}`, { allow: METHODS });
  }
  if (hasBody(request)) return errorAnswer(413, "This request takes no body");
  return ROUTES[path]?.(source) ?? errorAnswer(404, "There is no such path");
}

export function errorAnswer(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body: ErrorBody = { error };
  const answer = json(status, body);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function json(status: number, body: Status | Healthz | ErrorBody): Answer {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: `${JSON.stringify(body)}\n`,
  };
}

/** RFC 9112 section 6: a body is announced by one of these two. */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}
