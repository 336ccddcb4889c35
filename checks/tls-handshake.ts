/** One TLS handshake on a connection of its own: the certificates, and what OpenSSL and Node.js think of them. */
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { checkServerIdentity, connect, type SecureContext, type TLSSocket } from "node:tls";
import { connectOptions } from "./connect.ts";
import { isDateError, resultOfError } from "./connect-error.ts";
import { fail, NOT_ASKED, type Result } from "./probe.ts";
import type { Addresses } from "./resolve.ts";
import { describeEnd, firstToEnd, NO_ANCHORS, pathOf, sentWith } from "./tls-chain.ts";

export interface HandshakeTarget {
  readonly host: string;
  readonly port: number;
  readonly addresses: Addresses;
  /** To be asked for, if it is no address, and to be verified. */
  readonly serverName: string;
  readonly secureContext: SecureContext;
}

export interface Handshake {
  /** Not empty; the server's own first. */
  readonly sent: readonly X509Certificate[];
  /** Why the certificate would be refused, for `resultOfError`; undefined: it is good today. */
  readonly refusal: Error | undefined;
}

/**
 * TLS 1.2 or later, as is the default of Node.js; no session is resumed, no client certificate and no ALPN is sent.
 * The connection is closed when the promise settles.
 *
 * @returns A result if there was no handshake.
 * @throws What has no word in `resultOfError`.
 */
export function shakeHands(
  target: HandshakeTarget,
  signal: AbortSignal,
): Promise<Handshake | Result> {
  const { host, port, addresses, serverName, secureContext } = target;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve(NOT_ASKED);
      return;
    }
    const socket = connect({
      host,
      port,
      ...connectOptions(addresses),
      secureContext,
      ...(isIP(serverName) === 0 && { servername: serverName }),
      // Nothing is sent over it; what is wrong with the certificate is told in `refusal`, with its dates.
      rejectUnauthorized: false,
    });
    let waitingFor = "the connection";
    const stop = (): void => {
      socket.destroy();
      resolve(fail("timeout", `waiting for ${waitingFor}`));
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", stop));
    socket.once("connect", () => (waitingFor = "the TLS handshake"));
    socket.once("secureConnect", () => {
      // Node.js gives it once.
      const leaf = socket.getPeerX509Certificate();
      const sent = leaf === undefined ? [] : sentWith(leaf);
      const refusal = refusalOf(socket, serverName, sent);
      waitingFor = "its last bytes to be sent";
      // Without our last message the server would log a handshake that failed.
      socket.end(() => {
        resolve(sent.length === 0 ? NO_CERTIFICATE : { sent, refusal });
        socket.destroy();
      });
    });
    socket.on("error", (error) => {
      const result = resultOfError(error);
      if (result === undefined) reject(error);
      else resolve(result);
    });
  });
}

const NO_CERTIFICATE = fail("tls-failed", "the server has no certificate");

/** Node.js gives the code alone where it does not refuse by itself. */
function refusalOf(
  socket: TLSSocket,
  serverName: string,
  sent: readonly X509Certificate[],
): Error | undefined {
  if (socket.authorized) return undefined;
  const code = String(socket.authorizationError);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const cert = sent[0]?.toLegacyObject();
    if (cert !== undefined) return checkServerIdentity(serverName, cert);
  }
  const refusal = Object.assign(new Error(code.toLowerCase().replaceAll("_", " ")), { code });
  const culprit = isDateError(refusal) ? firstToEnd(pathOf(sent, NO_ANCHORS)) : sent[0];
  if (culprit !== undefined) refusal.message += `: ${describeEnd(culprit)}`;
  return refusal;
}
