/** Orders: by POST, on the socket only, because they change something. */
import type { IncomingMessage } from "node:http";
import { errorAnswer, json, STARTING, type Answer } from "./answer.ts";
import { CANARY_MAX_MS, CANARY_PATH, obeyCanary, type CanarySource } from "./canary-order.ts";
import { readOrder } from "./orders.ts";
import { obeyProbe, PROBE_PATH, probedService, type ProbeSource } from "./probe-order.ts";
import type { ReloadAnswer, ReloadOrder } from "./reload-protocol.ts";

/** Who obeys them. */
export interface OrderSource extends ProbeSource, CanarySource {
  /** `busy`: at another reload; `starting`: nothing has been decided yet. */
  readonly reload?: (order: ReloadOrder) => Promise<ReloadAnswer> | "busy" | "starting";
}

interface Order {
  /** How long its answer may take. */
  readonly maxMs: number;
  readonly obey: (source: OrderSource, body: Body) => Answer | Promise<Answer>;
}

type Body = Readonly<Record<string, unknown>>;

/** Reading a configuration of thousands of services takes seconds on a busy host. */
export const RELOAD_MAX_MS = 60_000;

const ORDERS: Readonly<Record<string, Order>> = {
  "/v1/reload": { maxMs: RELOAD_MAX_MS, obey: obeyReload },
  [CANARY_PATH]: { maxMs: CANARY_MAX_MS, obey: obeyCanary },
};

export const ORDER_PATHS: readonly string[] = [...Object.keys(ORDERS), PROBE_PATH];

/** Nothing is waited for but the request's body. */
const PROBE_MAX_MS = 5000;

export function orderOf(path: string): Order | undefined {
  if (Object.hasOwn(ORDERS, path)) return ORDERS[path];
  const service = probedService(path);
  if (service === undefined) return undefined;
  return { maxMs: PROBE_MAX_MS, obey: (source, body) => obeyProbe(source, service, body) };
}

export async function obey(
  request: IncomingMessage,
  source: OrderSource,
  order: Order,
): Promise<Answer> {
  if (request.method !== "POST") {
    return errorAnswer(405, "This method is not allowed; allowed: POST", { allow: "POST" });
  }
  const read = await readOrder(request);
  return "error" in read
    ? errorAnswer(read.status, read.error)
    : await order.obey(source, read.body);
}

/** 200: done; 409: refused; 422: the file is invalid. The body says the same and more. */
async function obeyReload({ reload }: OrderSource, body: Body): Promise<Answer> {
  const { force = false, proof, ...others } = body;
  const unknown = Object.keys(others);
  const isOrder = typeof force === "boolean" && (proof === undefined || typeof proof === "string");
  if (!isOrder || unknown.length > 0) {
    return errorAnswer(400, "The body must be {force?: true | false, proof?: NAME}");
  }
  const asked = reload?.({ force, ...(proof === undefined ? {} : { proof }) }) ?? "starting";
  if (asked === "starting") return errorAnswer(503, STARTING);
  if (asked === "busy") return errorAnswer(503, "Another reload is under way; try again");
  const told = await asked;
  const statuses = { reloaded: 200, "mass-withdrawal": 409, "invalid-configuration": 422 } as const;
  return json(statuses[told.outcome], told);
}
