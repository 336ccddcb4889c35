/** One UDP datagram, and the answers to it. */
import { createSocket, type Socket } from "node:dgram";
import type { Addresses } from "./resolve.ts";

export interface Datagram<T> {
  readonly port: number;
  readonly addresses: Addresses;
  readonly send: Buffer;
  /** Gets each answer; undefined means that it is not one, and the next is waited for. */
  readonly hear: (answer: Buffer) => T | undefined;
}

export type Answered<T> =
  | { readonly kind: "heard"; readonly value: T; readonly address: Addresses[number] }
  /** The port was free, and the kernel chose it as the source. */
  | { readonly kind: "self" }
  | { readonly kind: "timeout"; readonly address: Addresses[number] }
  | { readonly kind: "not-asked" };

/**
 * The socket is connected: only what comes from the address and port that were asked is read, and an ICMP "port
 * unreachable" is an error at once (udp(7)). When an address refuses or cannot be reached the next one is tried. One
 * that is silent has the rest of the time: a lost datagram is a failure, and several of them are for `fall` to count.
 *
 * @throws The error of the socket, for several addresses an AggregateError; see `resultOfError`.
 */
export async function exchangeDatagram<T>(
  { port, addresses, send, hear }: Datagram<T>,
  signal: AbortSignal,
): Promise<Answered<T>> {
  const errors: unknown[] = [];
  for (const address of addresses) {
    if (signal.aborted) break;
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after another is the point
      return await ask(address, port, send, hear, signal);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 0) return { kind: "not-asked" };
  throw errors.length === 1 ? errors[0] : new AggregateError(errors);
}

function ask<T>(
  address: Addresses[number],
  port: number,
  send: Buffer,
  hear: (answer: Buffer) => T | undefined,
  signal: AbortSignal,
): Promise<Answered<T>> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.family === 4 ? "udp4" : "udp6");
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
      signal.removeEventListener("abort", stop);
      socket.close();
    };
    const end = (answered: Answered<T>): void => {
      if (!isOpen) return;
      close();
      resolve(answered);
    };
    const stop = (): void => end({ kind: "timeout", address });
    signal.addEventListener("abort", stop, { once: true });
    socket.on("error", (error) => {
      if (!isOpen) return;
      close();
      // That of a datagram which was refused does not say where.
      if (error.message.startsWith("recvmsg ")) error.message += ` ${address.address}:${port}`;
      reject(error);
    });
    socket.on("message", (answer) => {
      const value = isOpen ? hear(answer) : undefined;
      if (value !== undefined) end({ kind: "heard", value, address });
    });
    socket.once("connect", () => {
      if (isSelf(socket)) end({ kind: "self" });
      else socket.send(send);
    });
    // Bound first: a socket that fails to bind while it waits to connect is never closed by Node.js.
    socket.bind({ port: 0, exclusive: true }, () => {
      if (isOpen) socket.connect(port, address.address);
    });
  });
}

/** On loopback the kernel may pick the target's own port as source: what is sent then comes back. */
function isSelf(socket: Socket): boolean {
  const local = socket.address();
  const remote = socket.remoteAddress();
  return local.port === remote.port && local.address === remote.address;
}
