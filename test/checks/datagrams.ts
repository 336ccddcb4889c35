/** A UDP socket on a port of loopback that does with each datagram what the test says. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { TestContext } from "node:test";

export interface DatagramServer {
  readonly port: number;
  readonly received: readonly Buffer[];
  readonly socket: Socket;
}

/** What `serve` returns is sent back, each as a datagram of its own. */
export async function serveDatagrams(
  context: TestContext,
  serve: (datagram: Buffer, from: RemoteInfo) => readonly Buffer[],
  address = "127.0.0.1",
): Promise<DatagramServer> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const received: Buffer[] = [];
  socket.on("message", (datagram, from) => {
    received.push(datagram);
    for (const answer of serve(datagram, from)) socket.send(answer, from.port, from.address);
  });
  socket.bind(0, address);
  await once(socket, "listening");
  context.after(() => socket.close());
  return { port: socket.address().port, received, socket };
}
