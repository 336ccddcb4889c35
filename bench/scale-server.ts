/**
 * What the scale benchmarks probe, as a process of its own: what keeps the agent busy must not make a poll look late.
 * A port for each check, so that the moment at which a connection arrives tells which check was started.
 */
import { createServer, type Server, type Socket } from "node:net";

/** From the parent: how many ports, whether connections end by themselves, or an order. */
export type Order =
  | { readonly type: "listen"; readonly ports: number }
  /** Since the last order: when connections arrived at each port, milliseconds on the clock of the server. */
  | { readonly type: "tell" }
  /** Ends one connection that has been idle for long: an event for the agent that holds it. */
  | { readonly type: "break" };

export type Answer =
  | readonly number[]
  | readonly (readonly number[])[]
  | { readonly broke: boolean };

const RESPONSE = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n";

/** Polls are over long before. */
const HELD_MS = 2000;

let servers: Server[] = [];
let arrivals: number[][] = [];
const open = new Map<Socket, number>();

function listen(nth: number): Promise<number> {
  const server = createServer((socket) => {
    const nowMs = performance.now();
    arrivals[nth]?.push(nowMs);
    open.set(socket, nowMs);
    socket.once("data", () => socket.end(RESPONSE));
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  });
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => {
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
}

async function obey(order: Order): Promise<Answer> {
  if (order.type === "listen") {
    for (const server of servers) server.close();
    servers = [];
    arrivals = Array.from({ length: order.ports }, () => []);
    return await Promise.all(arrivals.map((_, nth) => listen(nth)));
  }
  if (order.type === "tell") {
    const told = arrivals;
    arrivals = told.map(() => []);
    return told;
  }
  const limitMs = performance.now() - HELD_MS;
  const [oldest] = open;
  if (oldest === undefined || oldest[1] > limitMs) return { broke: false };
  oldest[0].destroy();
  return { broke: true };
}

process.on("message", (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit());
