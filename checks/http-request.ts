/** One HTTP request on a connection of its own, and as much of the answer as a check needs. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { SecureContext } from "node:tls";
import type { Got, Method, Request } from "got";
import { connectOptions } from "./connect.ts";
import type { Addresses } from "./resolve.ts";

/** Health pages are short; what is longer is not read, so that an endless body costs nothing. */
export const BODY_MAX_BYTES = 64 * 1024;

/** The default of Node.js, stated: all header lines of an answer together. */
const HEADERS_MAX_BYTES = 16 * 1024;

/** What is the same in every request of a check. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: {
    readonly verify: boolean;
    /** Undefined: the name in the Host header. */
    readonly serverName: string | undefined;
  };
  /** Whether the body of an answer with this status is to be read. */
  readonly wantsBody: (status: number) => boolean;
}

/** Where a request goes, and for https whom it trusts. */
export interface Target {
  readonly addresses: Addresses;
  readonly secureContext: SecureContext | undefined;
}

/** `waitingFor` says how far it had come when time was over; `not-asked`, that this was before the connection. */
export type Exchange =
  | { readonly kind: "answer"; readonly status: number; readonly body: Buffer }
  | { readonly kind: "timeout"; readonly waitingFor: string }
  | { readonly kind: "not-asked" };

let loading: Promise<Got> | undefined;

/** Loads got, which takes 140 ms: once, and only in a process that makes HTTP checks. */
export function loadGot(): Promise<Got> {
  loading ??= import("got").then((module) => module.got);
  return loading;
}

/**
 * Makes requests for one check. The connection is closed when the promise settles, whatever the outcome.
 *
 * @throws What got threw, see `resultOfError`; as a rejection.
 */
export function createExchange(
  request: HttpRequest,
): (target: Target, signal: AbortSignal) => Promise<Exchange> {
  let client: Client | undefined;
  return async (target, signal) => {
    const got = await loadGot();
    if (signal.aborted) return { kind: "not-asked" };
    if (client === undefined || !isSame(client.target, target)) {
      client = { target, got: configure(got, request, target) };
    }
    const stream = client.got.stream(request.url);
    // For the other methods got waits for a body to be written: there is none.
    if (request.method !== "GET" && request.method !== "HEAD") stream.end();
    try {
      return await readAnswer(stream, request.wantsBody, signal);
    } finally {
      // Got may still report how its end was received; nobody waits for that any more.
      stream.on("error", () => undefined);
      stream.destroy();
    }
  };
}

/** Options are checked and merged once: doing it for each request takes a tenth of its time. */
interface Client {
  readonly target: Target;
  readonly got: Got;
}

function isSame(one: Target, other: Target): boolean {
  return (
    one.secureContext === other.secureContext &&
    one.addresses.length === other.addresses.length &&
    one.addresses.every(({ address }, at) => address === other.addresses[at]?.address)
  );
}

function configure(got: Got, { url, method, headers, tls }: HttpRequest, target: Target): Got {
  const { addresses, secureContext } = target;
  // A poll is a new connection: a kept one hides a listener that no longer accepts, and a resumed TLS
  // session hides a certificate that has expired. So the agent, which all polls have, keeps nothing.
  const agentOptions = { keepAlive: false, maxCachedSessions: 0, ...connectOptions(addresses) };
  const agent =
    url.protocol === "https:"
      ? { https: new HttpsAgent({ ...agentOptions, secureContext }) }
      : { http: new HttpAgent(agentOptions) };
  return got.extend({
    method,
    headers: { "user-agent": "anyctl", ...headers },
    agent,
    https: {
      rejectUnauthorized: tls.verify,
      ...(tls.serverName !== undefined && { serverName: tls.serverName }),
    },
    // One poll is one request, and its answer is judged as it is. Time is the caller's.
    retry: { limit: 0 },
    timeout: {},
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    strictContentLength: false,
    cache: false,
    dnsCache: false,
    http2: false,
    enableUnixSockets: false,
    setHost: true,
    allowGetBody: false,
    maxHeaderSize: HEADERS_MAX_BYTES,
  });
}

function readAnswer(
  stream: Request,
  wantsBody: (status: number) => boolean,
  signal: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    let bytes = 0;
    const chunks: Buffer[] = [];
    const answer = (): void => {
      const body = Buffer.concat(chunks).subarray(0, BODY_MAX_BYTES);
      resolve({ kind: "answer", status: status ?? 0, body });
    };
    signal.addEventListener(
      "abort",
      () => resolve({ kind: "timeout", waitingFor: waitingFor(stream, status, bytes) }),
      { once: true },
    );
    stream.once("error", reject);
    stream.once("response", (response: { statusCode: number }) => {
      status = response.statusCode;
      if (!wantsBody(status)) {
        answer();
        return;
      }
      stream.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= BODY_MAX_BYTES) answer();
      });
      stream.once("end", answer);
    });
    // 101: the connection now belongs to whoever asked for another protocol; nobody did.
    stream.once("upgrade", (response: { statusCode: number }, socket: { destroy(): void }) => {
      status = response.statusCode;
      socket.destroy();
      answer();
    });
  });
}

function waitingFor(stream: Request, status: number | undefined, bytes: number): string {
  if (status !== undefined) return `the rest of the body, status ${status}, ${bytes} bytes read`;
  const { connect, secureConnect } = stream.timings ?? {};
  if (connect === undefined) return "the connection";
  const encrypted = stream.options.url?.toString().startsWith("https:") ?? false;
  if (encrypted && secureConnect === undefined) return "the TLS handshake";
  return "the status line";
}
