/** `tls`: one handshake on a new connection; passes when chain and name are valid, for long enough. */
import type { X509Certificate } from "node:crypto";
import { z } from "zod";
import { isDateError, resultOfError } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import { createAuthorities, resultOfTrustError, type Authorities } from "./http-tls.ts";
import { Host, isName, Port } from "./keys.ts";
import { isPath, PATH_BYTES_MAX } from "./path.ts";
import { fail, pass, type Probe, type Result } from "./probe.ts";
import { describeEnd, endMs, firstToEnd, NO_ANCHORS, pathOf } from "./tls-chain.ts";
import { shakeHands } from "./tls-handshake.ts";
import type { WallClock } from "./wall-clock.ts";

/** Certificates of the Internet are valid for 398 days at most, those of private authorities for some years. */
const DAYS_MAX = 3650;
const DAYS_ALLOWED = `must be a whole number from 0 to ${DAYS_MAX}`;

const DAY_MS = 86_400_000;

const CA_FILE_ALLOWED = `must be an absolute path of at most ${PATH_BYTES_MAX} bytes`;

export const TlsCheck = z
  .strictObject({
    type: z.literal("tls"),
    host: Host.describe("Address or name to connect to. [required]"),
    port: Port.default(443).describe("Port to connect to. [443]"),
    "server-name": z
      .string()
      .refine(isName, "must be a host name: an address cannot be asked for")
      .optional()
      .describe("Name to ask for in the handshake and to verify. [host]"),
    "min-days-left": z
      .int(DAYS_ALLOWED)
      .min(0, DAYS_ALLOWED)
      .max(DAYS_MAX, DAYS_ALLOWED)
      .default(0)
      .describe(
        "How many days every certificate of the chain must still be valid; on an advisory check, as all PoPs fail at once. [0]",
      ),
    "tls-verify": z
      .boolean()
      .default(true)
      .describe("Whether chain, dates and name of the certificate must be valid. [true]"),
    "ca-file": z
      .string(CA_FILE_ALLOWED)
      .refine((path) => isPath(path), CA_FILE_ALLOWED)
      .optional()
      .describe(
        "PEM file with the authorities to trust instead of the built-in ones. [the authorities of Node.js]",
      ),
  })
  .superRefine((check, context) => {
    if (check["tls-verify"] || check["ca-file"] === undefined) return;
    const message = "must be absent: tls-verify is false";
    context.addIssue({ code: "custom", path: ["ca-file"], message });
  });
export type TlsCheck = z.infer<typeof TlsCheck>;

export function createTlsProbe(spec: TlsCheck, { resolver, wallClock }: ProbeContext): Probe {
  const { host, port, "tls-verify": verifies, "min-days-left": minDays } = spec;
  // A name in the handshake has no trailing dot (RFC 6066 section 3).
  const serverName = (spec["server-name"] ?? host).replace(/\.$/, "");
  const findAuthorities = createAuthorities(spec["ca-file"]);

  return async (signal) => {
    const resolved = await resolver.resolve(host, signal);
    if ("failure" in resolved) return resolved.failure;
    let authorities: Authorities;
    try {
      authorities = findAuthorities();
    } catch (error) {
      return resultOfTrustError(error);
    }
    const { secureContext } = authorities;
    const target = { host, port, addresses: resolved.addresses, serverName, secureContext };
    const shaken = await shakeHands(target, signal);
    if ("outcome" in shaken) return shaken;
    const { sent, refusal } = shaken;
    if (verifies && refusal !== undefined) return judgeRefusal(refusal, wallClock);
    const result = judgeDays(pathOf(sent, NO_ANCHORS), minDays, wallClock);
    if (result.outcome === "pass" || !verifies) return result;
    // It may be a certificate that nobody needs who trusts what this check trusts.
    return judgeDays(pathOf(sent, await authorities.anchors()), minDays, wallClock);
  };
}

function judgeRefusal(refusal: Error, wallClock: WallClock): Result {
  const result = resultOfError(refusal);
  if (result === undefined) throw refusal;
  return isDateError(refusal) ? wallClock.judge(result) : result;
}

function judgeDays(
  path: readonly X509Certificate[],
  minDays: number,
  wallClock: WallClock,
): Result {
  const first = firstToEnd(path);
  if (first === undefined) return pass();
  const leftMs = endMs(first) - wallClock.nowMs();
  const seen = `${describeEnd(first)}, ${Math.floor(leftMs / DAY_MS)} days left`;
  // Without a number of days the handshake has judged the dates, or was not asked to.
  if (minDays === 0 || leftMs >= minDays * DAY_MS) return pass(seen);
  return wallClock.judge(fail("certificate-expires", `${seen}, at least ${minDays} wanted`));
}
