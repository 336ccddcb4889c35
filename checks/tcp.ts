/** `tcp`: passes when a connection to `host`:`port` is established. */
import { connect } from "node:net";
import { z } from "zod";
import { connectOptions, isSelf } from "./connect.ts";
import { resultOfError } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import { holdTcp } from "./held-connection.ts";
import { Host, Watch } from "./keys.ts";
import type { Listen } from "./listen.ts";
import { fail, NOT_ASKED, pass, type Probe, type Result } from "./probe.ts";
import type { Addresses } from "./resolve.ts";

const PORT_ALLOWED = "must be a whole number from 1 to 65535";

export const TcpCheck = z.strictObject({
  type: z.literal("tcp"),
  host: Host.describe("Address or name to connect to. [required]"),
  port: z
    .int(PORT_ALLOWED)
    .min(1, PORT_ALLOWED)
    .max(65_535, PORT_ALLOWED)
    .describe("Port to connect to. [required]"),
  watch: Watch,
});
export type TcpCheck = z.infer<typeof TcpCheck>;

export function createTcpProbe({ host, port }: TcpCheck, { resolver }: ProbeContext): Probe {
  return async (signal) => {
    const resolved = await resolver.resolve(host, signal);
    if ("failure" in resolved) return resolved.failure;
    return await connectOnce(host, port, resolved.addresses, signal);
  };
}

export function listenTcp(
  { host, port, watch }: TcpCheck,
  context: ProbeContext,
): Listen | undefined {
  return watch ? holdTcp(host, port, context) : undefined;
}

function connectOnce(
  host: string,
  port: number,
  addresses: Addresses,
  signal: AbortSignal,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve(NOT_ASKED);
      return;
    }
    const socket = connect({ host, port, ...connectOptions(addresses) });
    const stop = (): void => {
      socket.destroy();
      resolve(timedOut(addresses, port));
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", stop));
    socket.once("connect", () => {
      resolve(
        isSelf(socket)
          ? fail("refused", `port ${port} was free and connected to itself`)
          : pass(`connected to ${socket.remoteAddress}`),
      );
      // RST: neither side keeps the connection in TIME_WAIT, and no port is used up by polling.
      socket.resetAndDestroy();
    });
    socket.on("error", (error) => {
      const result = resultOfError(error);
      if (result === undefined) reject(error);
      else resolve(result);
    });
  });
}

function timedOut(addresses: Addresses, port: number): Result {
  const tried = addresses.map(({ address }) => address).join(", ");
  return fail("timeout", `no answer to the connection request: ${tried} port ${port}`);
}
