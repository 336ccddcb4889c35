/**
 * The status as JSON, for as many as ask: of 1,000 services it takes 10 ms and more, and no probe must wait for
 * that. It is made a millisecond at a time from one state, which does not change; whoever asks meanwhile gets the
 * next one together, so that it is never older than the question; and between two there is a rest.
 */
import { safeJsonLine } from "../control/unsafe-text.ts";
import type { ServicePlan } from "../config/plan.ts";
import {
  routesStatus,
  serviceStatus,
  type RouteStatus,
  type ServiceStatus,
} from "../core/status.ts";
import type { Clock } from "./clock.ts";
import { headOf, type StatusSources } from "./status.ts";

/** How long the loop is kept at once, and how many pieces are done between two looks at the clock. */
const SLICE_MS = 1;
const STEP = 8;

/** Routes in one piece: a service may have ten thousand. */
const ROUTES_STEP = 20;

/** The rest after a status, as a multiple of what it took: it never costs more than a fifth of the loop. */
const REST = 4;

export class StatusBody {
  readonly #clock: Pick<Clock, "nowMs" | "after">;
  readonly #sources: () => StatusSources;
  /** What those get who have asked since the last one was begun. */
  #next: Promise<Uint8Array> | undefined;
  /** When the last one that was begun has been made, and its rest is over. */
  #idle: Promise<void> = Promise.resolve();

  constructor(clock: Pick<Clock, "nowMs" | "after">, sources: () => StatusSources) {
    this.#clock = clock;
    this.#sources = sources;
  }

  /** @returns UTF-8, of a moment that is not before this call. */
  get(): Promise<Uint8Array> {
    this.#next ??= this.#idle.then(() => this.#make());
    return this.#next;
  }

  async #make(): Promise<Uint8Array> {
    // Whoever asks from now on wants a later moment.
    this.#next = undefined;
    let rested = (): void => {};
    this.#idle = new Promise((resolve) => (rested = resolve));
    const spent = { ms: 0 };
    try {
      return await this.#build(spent);
    } finally {
      const restMs = spent.ms * REST;
      // Below what timers can tell apart; a small PoP is asked without delay.
      if (restMs < 1) rested();
      else this.#clock.after(restMs, rested);
    }
  }

  async #build(spent: { ms: number }): Promise<Uint8Array> {
    let beganMs = this.#clock.nowMs();
    const sources = this.#sources();
    const { state, moment, echo, isListening, bridge } = sources;
    const { sessions } = bridge.status();
    const [head = "", tail = ""] = splitOnce(jsonOf(headOf(sources)), '"services":[');
    const parts = [Buffer.from(`${head}"services":[`)];
    const sent = echo.byPrefix();
    let texts: string[] = [];
    let count = 0;
    for (const [at, planned] of state?.index.plan.services.entries() ?? []) {
      if (state === undefined) break;
      if (at > 0) texts.push(",");
      const status = { ...planned, routes: planned.routes.slice(0, ROUTES_STEP) };
      const first = serviceStatus(state, status, at, moment, sent, isListening, sessions);
      const rest = restOf(planned.routes, (routes) => routesStatus(state, routes, sent, sessions));
      for (const text of piecesOf(first, rest)) {
        texts.push(text);
        count += 1;
        if (count % STEP !== 0 || this.#clock.nowMs() - beganMs < SLICE_MS) continue;
        parts.push(Buffer.from(texts.join("")));
        texts = [];
        spent.ms += this.#clock.nowMs() - beganMs;
        await new Promise((resolve) => setImmediate(resolve));
        beganMs = this.#clock.nowMs();
      }
    }
    parts.push(Buffer.from(`${texts.join("")}${tail}\n`));
    const body = Buffer.concat(parts);
    spent.ms += this.#clock.nowMs() - beganMs;
    return body;
  }
}

/** What is said of a service with few routes, or its parts: one behind the other they are the same. */
function* piecesOf(
  first: ServiceStatus,
  rest: Iterable<readonly RouteStatus[]>,
): Generator<string> {
  const [head = "", tail = ""] = splitOnce(jsonOf({ ...first, routes: [] }), '"routes":[');
  yield `${head}"routes":[${jsonOf(first.routes).slice(1, -1)}`;
  for (const more of rest) yield `,${jsonOf(more).slice(1, -1)}`;
  yield tail;
}

function* restOf(
  routes: ServicePlan["routes"],
  statusOf: (some: ServicePlan["routes"]) => readonly RouteStatus[],
): Generator<readonly RouteStatus[]> {
  for (let at = ROUTES_STEP; at < routes.length; at += ROUTES_STEP) {
    yield statusOf(routes.slice(at, at + ROUTES_STEP));
  }
}

/** As curl may show it on a terminal. */
function jsonOf(value: object): string {
  return safeJsonLine(JSON.stringify(value));
}

/** In JSON no text can hold `separator`: its quotes would be escaped. */
function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}
