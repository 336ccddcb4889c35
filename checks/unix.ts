/** `unix`: passes when a connection to the Unix stream socket `path` is established; also when the answer is right. */
import { connect } from "node:net";
import { z } from "zod";
import { BytesAsHex, BytesAsText, bytesOf, isGiven, refuseTwice } from "./bytes.ts";
import { resultOfError } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import { holdConnection } from "./held-connection.ts";
import { Watch } from "./keys.ts";
import type { Listen } from "./listen.ts";
import { codeOf, forbidden, isForbidden, isPath } from "./path.ts";
import { fail, NOT_ASKED, pass, type Probe, type Result } from "./probe.ts";
import { expectAnswer, unanswered } from "./tcp-expect.ts";

/** A path of a Unix socket has 108 bytes with its final NUL on Linux (unix(7)). */
const SOCKET_PATH_BYTES_MAX = 107;

const PATH_ALLOWED = `must be an absolute path of at most ${SOCKET_PATH_BYTES_MAX} bytes`;

/** What is at the path is no socket that takes connections: connect(2), path_resolution(7). */
const NO_SOCKET = new Set(["ENOTDIR", "ELOOP", "EPROTOTYPE"]);

export const UnixCheck = z
  .strictObject({
    type: z.literal("unix"),
    path: z
      .string(PATH_ALLOWED)
      .refine((path) => isPath(path, SOCKET_PATH_BYTES_MAX), PATH_ALLOWED)
      .describe("Stream socket to connect to. [required]"),
    send: BytesAsText.optional().describe("What to send when connected; needs `expect`. [nothing]"),
    "send-hex": BytesAsHex.optional().describe("The same as bytes in hex. [nothing]"),
    expect: BytesAsText.optional().describe(
      "What the other end must say first, byte by byte. [nothing is read]",
    ),
    "expect-hex": BytesAsHex.optional().describe("The same as bytes in hex. [nothing is read]"),
    watch: Watch,
  })
  .superRefine((check, context) => {
    const refuse = (key: keyof typeof check, message: string): void =>
      context.addIssue({ code: "custom", path: [key], message });
    refuseTwice(check, refuse);
    if (isGiven(check, "expect")) return;
    for (const key of ["send", "send-hex"] as const) {
      if (check[key] === undefined) continue;
      refuse(key, "must be absent without expect: nothing would be judged");
    }
  });
export type UnixCheck = z.infer<typeof UnixCheck>;

export function createUnixProbe(spec: UnixCheck): Probe {
  const { path } = spec;
  const expect = bytesOf(spec.expect, spec["expect-hex"]);
  const send = bytesOf(spec.send, spec["send-hex"]);
  return async (signal) =>
    expect === undefined
      ? await connectOnce(path, signal)
      : await expectAnswer({ path }, { send, expect }, signal, resultOfUnixError);
}

function connectOnce(path: string, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve(NOT_ASKED);
      return;
    }
    const socket = connect({ path });
    const stop = (): void => {
      socket.destroy();
      resolve(fail("timeout", unanswered({ path })));
    };
    signal.addEventListener("abort", stop, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", stop));
    socket.once("connect", () => {
      resolve(pass("connected"));
      socket.destroy();
    });
    socket.on("error", (error) => {
      const result = resultOfUnixError(error);
      if (result === undefined) reject(error);
      else resolve(result);
    });
  });
}

/** @returns Undefined: it is not to be watched. */
export function listenUnix(
  { path, watch }: UnixCheck,
  { timers }: ProbeContext,
): Listen | undefined {
  return watch ? holdConnection(() => Promise.resolve({ path }), timers) : undefined;
}

function resultOfUnixError(error: unknown): Result | undefined {
  // In the table of all probes it is a firewall; a file's mode says nothing about the service.
  if (isForbidden(error)) return forbidden(error);
  if (error instanceof Error && NO_SOCKET.has(codeOf(error))) {
    return fail("refused", error.message);
  }
  return resultOfError(error);
}
