/** `tcp`: passes when a connection to `host`:`port` is established; also when the answer is right, or nobody is there. */
import { connect } from "node:net";
import { z } from "zod";
import { BytesAsHex, BytesAsText, bytesOf, isGiven, refuseTwice } from "./bytes.ts";
import { connectOptions, isSelf } from "./connect.ts";
import { resultOfError } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import { holdTcp } from "./held-connection.ts";
import { Host, Port, Watch } from "./keys.ts";
import type { Listen } from "./listen.ts";
import { fail, NOT_ASKED, pass, type Probe, type Result } from "./probe.ts";
import type { Addresses } from "./resolve.ts";
import { expectAnswer, unanswered } from "./tcp-expect.ts";

export const TcpCheck = z
  .strictObject({
    type: z.literal("tcp"),
    host: Host.describe("Address or name to connect to. [required]"),
    port: Port.describe("Port to connect to. [required]"),
    send: BytesAsText.optional().describe("What to send when connected; needs `expect`. [nothing]"),
    "send-hex": BytesAsHex.optional().describe("The same as bytes in hex. [nothing]"),
    expect: BytesAsText.optional().describe(
      "What the other end must say first, byte by byte. [nothing is read]",
    ),
    "expect-hex": BytesAsHex.optional().describe("The same as bytes in hex. [nothing is read]"),
    "should-fail": z
      .boolean()
      .optional()
      .describe(
        "Pass when the connection is refused, reset or unreachable, and only then. [false]",
      ),
    watch: Watch,
  })
  .superRefine((check, context) => {
    const refuse = (key: keyof typeof check, message: string): void =>
      context.addIssue({ code: "custom", path: [key], message });
    refuseTwice(check, refuse);
    if (check["should-fail"] === true) {
      const why = "must be absent: should-fail is true";
      for (const key of ["send", "send-hex", "expect", "expect-hex"] as const) {
        if (check[key] !== undefined) refuse(key, why);
      }
      if (check.watch) refuse("watch", "must be false: should-fail is true");
    } else if (!isGiven(check, "expect")) {
      const why = "must be absent without expect: nothing would be judged";
      for (const key of ["send", "send-hex"] as const) {
        if (check[key] !== undefined) refuse(key, why);
      }
    }
  });
export type TcpCheck = z.infer<typeof TcpCheck>;

export function createTcpProbe(spec: TcpCheck, { resolver }: ProbeContext): Probe {
  const { host, port } = spec;
  const expect = bytesOf(spec.expect, spec["expect-hex"]);
  const send = bytesOf(spec.send, spec["send-hex"]);
  return async (signal) => {
    const resolved = await resolver.resolve(host, signal);
    if ("failure" in resolved) return resolved.failure;
    const { addresses } = resolved;
    if (expect !== undefined) {
      return await expectAnswer({ host, port, addresses }, { send, expect }, signal);
    }
    const result = await connectOnce(host, port, addresses, signal);
    return spec["should-fail"] === true ? invert(result) : result;
  };
}

/** Silence is no refusal: behind a firewall that drops, nobody knows whether somebody listens. */
function invert(result: Result): Result {
  const { outcome, reason, detail } = result;
  if (outcome === "pass") return fail("not-refused", detail);
  if (outcome === "inconclusive" || reason === "timeout") return result;
  return pass(`${reason}: ${detail}`);
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
      resolve(fail("timeout", unanswered({ host, port, addresses })));
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
