/** The read-only listener for monitoring and browsers: the control API's limits, and only what nobody can do harm with. */
import { createHttpServer, type ServeOptions } from "./server.ts";

export interface TcpServerOptions extends ServeOptions {
  /** An address, no name. */
  readonly host: string;
  readonly port: number;
}

export interface TcpServer {
  /** The port that was asked for; for port 0, the one that the kernel chose. */
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** @throws {NodeJS.ErrnoException} Such as EADDRINUSE, or EADDRNOTAVAIL while the address is on no interface. */
export function startTcpServer(options: TcpServerOptions): Promise<TcpServer> {
  const { host, port, problem } = options;
  const { server, close } = createHttpServer(options, "tcp");
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      // Such as EMFILE when a connection is accepted: the next one may work.
      server.on("error", (error) => problem(`The HTTP listener failed: ${error.message}`));
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      resolve({ port: bound, close });
    });
  });
}
