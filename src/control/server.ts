/** The control API: HTTP over a Unix socket, one request per connection. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Timers } from "../../checks/timers.ts";
import { errorAnswer, type Answer, type TextAnswer } from "./answer.ts";
import { answerMaxMs, answerTo, type ControlSource, type Listener } from "./answers.ts";
import {
  freeSocketPath,
  publishSocket,
  removeSocket,
  type SocketIdentity,
  temporarySocketPath,
} from "./socket-file.ts";

export interface ServeOptions extends ControlSource {
  /** Something went wrong that no client can be told. */
  readonly problem: (detail: string) => void;
  readonly timers: Timers;
}

export interface ControlServerOptions extends ServeOptions {
  readonly socketPath: string;
}

export interface ControlServer {
  /** Ends all connections and removes the socket, unless it is another agent's by now. */
  close(): Promise<void>;
}

/** Our own requests have 100 bytes; browsers and curl stay below 2 KiB. */
const HEADERS_MAX_BYTES = 8 * 1024;

/** Each may cost one status of some megabytes; more than a few at once is nobody's need. */
const CONNECTIONS_MAX = 64;

/** From connecting to the last byte of the answer; on one host it takes milliseconds. Some answers may take longer. */
const CONNECTION_MAX_MS = 5000;

/**
 * Listens on `socketPath`.
 *
 * @throws {SocketPathError} If the path is too long, another agent's, or no socket.
 * @throws {NodeJS.ErrnoException} If the folder or the socket cannot be made.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { socketPath, problem } = options;
  await freeSocketPath(socketPath);
  const { server, close } = createHttpServer(options, "socket");
  const temporaryPath = temporarySocketPath(socketPath);
  await listen(server, temporaryPath);
  let identity: SocketIdentity;
  try {
    identity = publishSocket(temporaryPath, socketPath);
  } catch (error) {
    server.close();
    throw error;
  }
  // Such as EMFILE when a connection is accepted: the next one may work.
  server.on("error", (error) => problem(`The control socket failed: ${error.message}`));
  return {
    close() {
      removeSocket(socketPath, identity);
      options.events?.close();
      return close();
    },
  };
}

/** One that answers and does not listen yet; the limits are the same for every listener. */
export function createHttpServer(
  options: ServeOptions,
  listener: Listener,
): { readonly server: Server; readonly close: () => Promise<void> } {
  // Node.js would answer a request without a host by itself, and what follows it would get a second answer.
  const server = createServer({ maxHeaderSize: HEADERS_MAX_BYTES, requireHostHeader: false });
  server.maxConnections = CONNECTIONS_MAX;
  const connections = new Set<Duplex>();
  serve(server, connections, options, listener);
  return {
    server,
    /** Ends all connections. */
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of connections) socket.destroy();
      }),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function serve(
  server: Server,
  connections: Set<Duplex>,
  options: ServeOptions,
  listener: Listener,
): void {
  /** Connections that have had their answer, or are getting it. */
  const answered = new WeakSet<Duplex>();
  /** Connections whose answer does not end; whoever writes it sends away those that do not read. */
  const endless = new WeakSet<Duplex>();

  const deadlines = new WeakMap<Duplex, () => void>();

  server.on("connection", (socket) => {
    connections.add(socket);
    giveTime(socket, CONNECTION_MAX_MS);
    socket.once("close", () => {
      deadlines.get(socket)?.();
      connections.delete(socket);
    });
  });
  server.on("request", handle);
  server.on("checkContinue", handle);
  server.on("checkExpectation", handle);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (answered.has(socket)) socket.destroy();
    else refuse(socket, answerToGarbage(error));
  });

  function giveTime(socket: Duplex, maxMs: number): void {
    deadlines.get(socket)?.();
    const cancel = options.timers.after(maxMs, () => {
      if (endless.has(socket)) return;
      if (answered.has(socket)) socket.destroy();
      else refuse(socket, errorAnswer(408, `No complete request within ${maxMs} ms`));
    });
    deadlines.set(socket, cancel);
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    // A pipelined request waits for an answer that never comes: a thousand of them fit into one read, and
    // each would put a whole status into memory. The connection ends with the first answer.
    if (answered.has(request.socket)) return;
    answered.add(request.socket);
    if (request.httpVersion === "1.1" && request.headers.host === undefined) {
      write(response, errorAnswer(400, "There is no host header"));
      return;
    }
    const maxMs = answerMaxMs(request, listener);
    if (maxMs !== undefined) giveTime(request.socket, maxMs);
    void answerOrFailure(request, options, listener).then((answer) => write(response, answer));
  }

  function write(response: ServerResponse, { status, headers, body, stream }: Answer): void {
    response.shouldKeepAlive = false;
    if (stream !== undefined && response.req.method !== "HEAD") {
      endless.add(response.req.socket);
      response.writeHead(status, headers);
      stream(response);
      return;
    }
    response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    response.end(body);
  }

  function refuse(socket: Duplex, { status, headers, body }: TextAnswer): void {
    answered.add(socket);
    const lines = Object.entries({ ...headers, "content-length": Buffer.byteLength(body) });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\n${head}\r\n${body}`, () =>
      socket.destroy(),
    );
  }
}

async function answerOrFailure(
  request: IncomingMessage,
  options: ServeOptions,
  listener: Listener,
): Promise<Answer> {
  try {
    return await answerTo(request, options, listener);
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    options.problem(`A request failed: ${stack}`);
    return errorAnswer(500, "The agent failed to answer; its log says why");
  }
}

function answerToGarbage(error: NodeJS.ErrnoException): TextAnswer {
  return error.code === "HPE_HEADER_OVERFLOW"
    ? errorAnswer(431, `The headers must have at most ${HEADERS_MAX_BYTES} bytes`)
    : errorAnswer(400, "This is not HTTP/1.1");
}
