/** The routes of the control API, and what each request gets. */
import type { IncomingMessage } from "node:http";
import { errorAnswer, json, JSON_HEADERS, STARTING, text, type Answer } from "./answer.ts";
import { READERS_MAX, type EventFeed } from "./event-feed.ts";
import { whySubject, type Explanation, type Subject } from "./explanation.ts";
import { obey, ORDER_PATHS, orderOf, type OrderSource } from "./order-routes.ts";
import { PAGE_HEADERS, statusPage } from "./page.ts";
import type { ErrorBody, Healthz, Status } from "./protocol.ts";
import type { PlanAnswer } from "./reload-protocol.ts";

/** What the routes tell, and do. */
export interface ControlSource extends OrderSource {
  readonly status: () => Status;
  /** The same as JSON, made without keeping the loop for long; where there is none, `status` is asked. */
  readonly statusBody?: () => Promise<Uint8Array>;
  /** The status as a page, however often it is asked for; where there is none, it is made of `status`. */
  readonly page?: () => Uint8Array;
  readonly healthz: () => Healthz;
  /** In the Prometheus text format 0.0.4. */
  readonly metrics?: () => Promise<string | Uint8Array>;
  /** undefined until the agent has begun to decide. */
  readonly why?: (subject: Subject) => Explanation | ErrorBody | undefined;
  readonly events?: EventFeed;
  /** undefined until the agent has begun to decide. */
  readonly plan?: () => PlanAnswer | undefined;
}

/** Where a request came in. */
export type Listener = "socket" | "tcp";

interface Entry {
  /** Whoever may open the socket is an operator; a TCP port is anybody's who can reach it. */
  readonly reach: Listener | "everywhere";
  readonly answer: (source: ControlSource) => Answer | Promise<Answer>;
}

/** Paths are compared as they are written: nothing is below or above anything. */
const ROUTES: Readonly<Record<string, Entry>> = {
  "/v1/status": { reach: "socket", answer: answerStatus },
  "/v1/plan": { reach: "socket", answer: answerPlan },
  "/v1/events": { reach: "socket", answer: answerEvents },
  "/healthz": {
    reach: "everywhere",
    answer: ({ healthz }) => {
      const health = healthz();
      return json(health.ok ? 200 : 503, health);
    },
  },
  "/metrics": { reach: "everywhere", answer: answerMetrics },
  "/status": { reach: "tcp", answer: answerStatus },
  "/": {
    reach: "tcp",
    answer: ({ page, status }) => text(page?.() ?? statusPage(status()), PAGE_HEADERS),
  },
};

/** What `whySubject` reads. */
const WHY_PATHS = ["/v1/services/NAME/why", "/v1/prefixes/PREFIX/why"];

const METHODS = "GET, HEAD";

export function answerTo(
  request: IncomingMessage,
  source: ControlSource,
  listener: Listener,
): Answer | Promise<Answer> {
  const path = pathOf(request);
  // They change something: a TCP port is read-only.
  const order = listener === "socket" ? orderOf(path) : undefined;
  if (order !== undefined) return obey(request, source, order);
  const entry = entryOf(path);
  if (entry === undefined || !isReached(entry, listener)) {
    const allowed = pathsOf(listener).join(", ");
    return errorAnswer(404, `There is no such path; allowed: ${allowed}`);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return errorAnswer(405, `This method is not allowed; allowed: ${METHODS}`, { allow: METHODS });
  }
  if (hasBody(request)) return errorAnswer(413, "This request takes no body");
  return entry.answer(source);
}

/** How long the answer may take; undefined: as long as any other. */
export function answerMaxMs(request: IncomingMessage, listener: Listener): number | undefined {
  return listener === "socket" ? orderOf(pathOf(request))?.maxMs : undefined;
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "";
}

function entryOf(path: string): Entry | undefined {
  if (Object.hasOwn(ROUTES, path)) return ROUTES[path];
  const subject = whySubject(path);
  if (subject === undefined) return undefined;
  return { reach: "socket", answer: (source) => answerWhy(source, subject) };
}

function answerPlan({ plan }: ControlSource): Answer {
  const told = plan?.();
  return told === undefined ? errorAnswer(503, STARTING) : json(200, told);
}

function answerWhy({ why }: ControlSource, subject: Subject): Answer {
  const told = why?.(subject);
  if (told === undefined) return errorAnswer(503, STARTING);
  return json("error" in told ? 404 : 200, told);
}

async function answerStatus({ status, statusBody }: ControlSource): Promise<Answer> {
  if (statusBody === undefined) return json(200, status());
  return { status: 200, headers: JSON_HEADERS, body: await statusBody() };
}

function answerEvents({ events }: ControlSource): Answer {
  if (events?.hasRoom !== true) {
    return errorAnswer(503, `${READERS_MAX} programs listen already; no more are allowed`);
  }
  return {
    ...text("", { "content-type": "text/event-stream" }),
    stream: (response) => events.attach(response),
  };
}

function isReached({ reach }: Entry, listener: Listener): boolean {
  return reach === "everywhere" || reach === listener;
}

function pathsOf(listener: Listener): string[] {
  const paths = Object.entries(ROUTES).filter(([, entry]) => isReached(entry, listener));
  return [
    ...paths.map(([path]) => path),
    ...(listener === "socket" ? [...WHY_PATHS, ...ORDER_PATHS] : []),
  ];
}

async function answerMetrics({ metrics }: ControlSource): Promise<Answer> {
  if (metrics === undefined) return errorAnswer(503, "This agent has no metrics");
  return text(await metrics(), { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
}

/** RFC 9112 section 6: a body is announced by one of these two. */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}
