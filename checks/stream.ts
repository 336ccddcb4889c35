/** One TCP connection on which something is said and an answer read. */
import { connect } from "node:net";
import { connectOptions, isSelf } from "./connect.ts";
import type { Addresses } from "./resolve.ts";

export interface Conversation<T> {
  readonly host: string;
  readonly port: number;
  readonly addresses: Addresses;
  /** Undefined: the other end speaks first. */
  readonly send: Buffer | undefined;
  /** Gets each piece as it comes and keeps what it needs; anything but undefined ends the conversation. */
  readonly hear: (piece: Buffer) => T | undefined;
}

export type Heard<T> =
  | { readonly kind: "heard"; readonly value: T }
  /** The other end closed before `hear` was content. */
  | { readonly kind: "closed" }
  /** The port was free, and connected to itself. */
  | { readonly kind: "self" }
  | { readonly kind: "timeout"; readonly isConnected: boolean }
  | { readonly kind: "not-asked" };

/**
 * The connection is reset when the promise settles: neither side keeps it in TIME_WAIT, and a server that goes
 * on talking is not read any more.
 *
 * @throws The error of the socket, see `resultOfError`.
 */
export function converse<T>(
  { host, port, addresses, send, hear }: Conversation<T>,
  signal: AbortSignal,
): Promise<Heard<T>> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve({ kind: "not-asked" });
      return;
    }
    let isConnected = false;
    const socket = connect({ host, port, ...connectOptions(addresses) });
    const end = (heard: Heard<T>): void => {
      resolve(heard);
      // Pieces that are already read must not be heard any more.
      socket.removeAllListeners("data");
      if (isConnected) socket.resetAndDestroy();
      else socket.destroy();
    };
    const stop = (): void => end({ kind: "timeout", isConnected });
    signal.addEventListener("abort", stop, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", stop));
    socket.once("connect", () => {
      isConnected = true;
      if (isSelf(socket)) {
        end({ kind: "self" });
        return;
      }
      if (send !== undefined) socket.write(send);
    });
    socket.on("data", (piece) => {
      const value = hear(piece);
      if (value !== undefined) end({ kind: "heard", value });
    });
    socket.once("end", () => end({ kind: "closed" }));
    socket.on("error", reject);
  });
}
