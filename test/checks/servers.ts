/** Real listeners on port 0 of a loopback address, which remember what came and what went. */
import { EventEmitter, once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { TestContext } from "node:test";

export interface TestServer {
  readonly port: number;
  /** Every connection ever accepted, in order. */
  readonly sockets: readonly Socket[];
  /** Text received on all connections together. */
  readonly received: string;
  /** Resolves when bytes have arrived, at once if they have already. */
  request(): Promise<void>;
  /** Resolves when a connection was accepted, at once if it was already. */
  connection(): Promise<void>;
  /** Resolves when every connection accepted so far is closed at this end. */
  allClosed(): Promise<void>;
}

export type Serve = (socket: Socket) => void;

export async function listen(
  context: TestContext,
  serve: Serve,
  { host = "127.0.0.1", server = createServer() }: { host?: string; server?: Server } = {},
): Promise<TestServer> {
  const sockets: Socket[] = [];
  const closings: Promise<unknown>[] = [];
  const seen = new EventEmitter();
  let received = "";
  const keep = (socket: Socket): void => {
    sockets.push(socket);
    closings.push(new Promise((resolve) => socket.once("close", resolve)));
    socket.on("error", () => undefined);
  };
  server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
    keep(socket);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      seen.emit("request");
    });
    serve(socket);
    seen.emit("connection");
  });
  // The client did not like our certificate, or spoke no TLS.
  server.on("tlsClientError", (_error: Error, socket: Socket) => keep(socket));
  server.listen(0, host);
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: portOf(server),
    sockets,
    get received() {
      return received;
    },
    async request() {
      if (received === "") await once(seen, "request");
    },
    async connection() {
      if (sockets.length === 0) await once(seen, "connection");
    },
    async allClosed() {
      await Promise.all(closings);
    },
  };
}

/** A server that answers each request with `answer` and leaves the connection to the other end. */
export function answering(answer: string): Serve {
  return (socket) => socket.on("data", () => socket.write(answer));
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  return address.port;
}
