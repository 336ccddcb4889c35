/** How connections are made to addresses that are already known. */
import type { LookupFunction, Socket } from "node:net";
import type { Addresses } from "./resolve.ts";

/** After a refusal the next address is tried at once, after silence when this time is over. */
const ADDRESS_TIMEOUT_MS = 250;

/** Options for `net.connect`, `tls.connect` and the agents of `node:http` and `node:https`. */
export interface ConnectOptions {
  readonly autoSelectFamily: true;
  readonly autoSelectFamilyAttemptTimeout: number;
  readonly lookup: LookupFunction;
}

/**
 * Tries `addresses` one after another, families in turn, the first address's family first (RFC 8305 section 4).
 * The last one may take all the time that is left.
 */
export function connectOptions(addresses: Addresses): ConnectOptions {
  return {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
    lookup(_host, options, callback) {
      if (options.all === true) callback(null, [...addresses]);
      else callback(null, addresses[0].address, addresses[0].family);
    },
  };
}

/**
 * On loopback the kernel may pick the target's own port as source; the two SYNs then meet (RFC 9293
 * section 3.5, simultaneous open) and a port on which nobody listens connects.
 */
export function isSelf(socket: Socket): boolean {
  return (
    socket.remotePort !== undefined &&
    socket.localPort === socket.remotePort &&
    socket.localAddress === socket.remoteAddress
  );
}
