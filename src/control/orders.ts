/** Requests that change something: a small JSON object by POST, from a program that means it. */
import type { IncomingMessage } from "node:http";

/**
 * A page in a browser can make it send a POST to any address, but neither this header nor JSON without being asked
 * first (the preflight request of the Fetch standard, which is answered with 405 here).
 */
const ORDER_HEADER = "x-anyctl-order";

/** Of every order that this package sends. */
export const ORDER_HEADERS = { [ORDER_HEADER]: "1", "content-type": "application/json" } as const;

/** An order names a file and a flag or two. */
const BODY_MAX_BYTES = 4096;

/** Why an order is not taken. */
export interface OrderRefusal {
  readonly status: 400 | 403 | 408 | 413 | 415 | 417;
  readonly error: string;
}

/**
 * The body of an order.
 *
 * @returns A refusal if the request is not one of ours. Never rejects.
 */
export async function readOrder(
  request: IncomingMessage,
): Promise<{ readonly body: Readonly<Record<string, unknown>> } | OrderRefusal> {
  const { headers } = request;
  if (headers["origin"] !== undefined || headers[ORDER_HEADER] !== "1") {
    const error = `This is for programs of this host: "${ORDER_HEADER}: 1" is required, "origin" is not allowed`;
    return { status: 403, error };
  }
  if (headers["content-type"] !== "application/json") {
    return { status: 415, error: 'The content-type must be "application/json"' };
  }
  if (headers["expect"] !== undefined) return { status: 417, error: "Send the body at once" };
  const text = await readBody(request);
  if (text === undefined) {
    return { status: 413, error: `The body must have at most ${BODY_MAX_BYTES} bytes` };
  }
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return { body };
  } catch {
    // As what is no object.
  }
  return { status: 400, error: "The body must be a JSON object" };
}

/** @returns undefined when there is more than allowed, or the connection ended before it was complete. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return await new Promise((resolve) => {
    request.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= BODY_MAX_BYTES) return;
      request.pause();
      resolve(undefined);
    });
    request.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.once("close", () => resolve(undefined));
    request.once("error", () => resolve(undefined));
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
