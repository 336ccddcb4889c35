/** `udp`: passes when one datagram to `host`:`port` is answered by one that begins as expected. */
import { z } from "zod";
import { BytesAsHex, BytesAsText, bytesOf, isGiven, refuseTwice, type ByteKeys } from "./bytes.ts";
import { resultOfError } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import { exchangeDatagram } from "./datagram.ts";
import { Host, Port } from "./keys.ts";
import { fail, NOT_ASKED, type Probe, type Result } from "./probe.ts";
import type { Addresses } from "./resolve.ts";
import { judgeBytes } from "./tcp-expect.ts";

export const UdpCheck = z
  .strictObject({
    type: z.literal("udp"),
    host: Host.describe("Address or name to send to. [required]"),
    port: Port.describe("Port to send to. [required]"),
    send: BytesAsText.optional().describe("What to send, in one datagram. [required, or send-hex]"),
    "send-hex": BytesAsHex.optional().describe("The same as bytes in hex. [required, or send]"),
    expect: BytesAsText.optional().describe(
      "How the first answer must begin, byte by byte. [required, or expect-hex]",
    ),
    "expect-hex": BytesAsHex.optional().describe("The same as bytes in hex. [required, or expect]"),
  })
  .superRefine((check, context) => {
    const refuse = (key: keyof ByteKeys, message: string): void =>
      context.addIssue({ code: "custom", path: [key], message });
    refuseTwice(check, refuse);
    for (const key of ["send", "expect"] as const) {
      if (!isGiven(check, key)) {
        // A silent port may be open, dead or behind a firewall.
        refuse(
          key,
          `must be text, or ${key}-hex instead: only an answer says that somebody is there`,
        );
      }
    }
  });
export type UdpCheck = z.infer<typeof UdpCheck>;

export function createUdpProbe(spec: UdpCheck, { resolver }: ProbeContext): Probe {
  const { host, port } = spec;
  const send = bytesOf(spec.send, spec["send-hex"]) ?? Buffer.alloc(0);
  const expect = bytesOf(spec.expect, spec["expect-hex"]) ?? Buffer.alloc(0);
  return async (signal) => {
    const resolved = await resolver.resolve(host, signal);
    if ("failure" in resolved) return resolved.failure;
    return await exchange(resolved.addresses, port, { send, expect }, signal);
  };
}

async function exchange(
  addresses: Addresses,
  port: number,
  { send, expect }: { readonly send: Buffer; readonly expect: Buffer },
  signal: AbortSignal,
): Promise<Result> {
  const hear = (answer: Buffer): Result =>
    judgeBytes(answer, expect) ??
    fail("wrong-answer", `answer ends after ${answer.length} of ${expect.length} bytes`);
  try {
    const answered = await exchangeDatagram({ addresses, port, send, hear }, signal);
    switch (answered.kind) {
      case "heard":
        return answered.value;
      case "self":
        return fail("refused", `port ${port} was free and the datagram came back`);
      case "timeout":
        return fail("timeout", `no answer from ${answered.address.address} port ${port}`);
      case "not-asked":
        return NOT_ASKED;
    }
  } catch (error) {
    const result = resultOfError(error);
    // An error without a word is a bug of ours, and must not withdraw the service.
    if (result === undefined) throw error;
    return result;
  }
}
