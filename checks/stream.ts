/** One connection, by TCP or to a Unix socket, on which something is said and an answer read. */
import { connect, type NetConnectOpts } from "node:net";
import { connectOptions, isSelf } from "./connect.ts";
import type { Addresses } from "./resolve.ts";

/** Where to connect: a port, or the path of a Unix stream socket. */
export type Target =
  | { readonly host: string; readonly port: number; readonly addresses: Addresses }
  | { readonly path: string };

export type Conversation<T> = Target & {
  /** Undefined: the other end speaks first. */
  readonly send: Buffer | undefined;
  /** Gets each piece as it comes and keeps what it needs; anything but undefined ends the conversation. */
  readonly hear: (piece: Buffer) => T | undefined;
};

export type Heard<T> =
  | { readonly kind: "heard"; readonly value: T }
  /** The other end closed before `hear` was content. */
  | { readonly kind: "closed" }
  /** The port was free, and connected to itself. */
  | { readonly kind: "self" }
  | { readonly kind: "timeout"; readonly isConnected: boolean }
  | { readonly kind: "not-asked" };

/**
 * A connection by TCP is reset when the promise settles: neither side keeps it in TIME_WAIT, and a server that goes
 * on talking is not read any more.
 *
 * @throws The error of the socket, see `resultOfError`.
 */
export function converse<T>(conversation: Conversation<T>, signal: AbortSignal): Promise<Heard<T>> {
  const { send, hear } = conversation;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve({ kind: "not-asked" });
      return;
    }
    let isConnected = false;
    const socket = connect(connectTo(conversation));
    const end = (heard: Heard<T>): void => {
      resolve(heard);
      // Pieces that are already read must not be heard any more.
      socket.removeAllListeners("data");
      // Unix sockets know no reset.
      if (isConnected && !("path" in conversation)) socket.resetAndDestroy();
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

function connectTo(target: Target): NetConnectOpts {
  if ("path" in target) return { path: target.path };
  const { host, port, addresses } = target;
  return { host, port, ...connectOptions(addresses) };
}
