/** `http`: one request on a new connection; passes when status and body are the expected ones. */
import { z } from "zod";
import { isDateError, resultOfError, rootOf } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import { mistakeInBodyTest, parseBodyTest, parseStatus } from "./http-expect.ts";
import { BODY_MAX_BYTES, createExchange, type Exchange } from "./http-request.ts";
import { createTrust, resultOfTrustError } from "./http-tls.ts";
import { Headers } from "./http-headers.ts";
import { Authority, bareHost, Url } from "./http-url.ts";
import { holdTcp } from "./held-connection.ts";
import { isName, Watch } from "./keys.ts";
import type { Listen } from "./listen.ts";
import { fail, NOT_ASKED, pass, type Probe, type Result } from "./probe.ts";

/** A health page is short, and the pattern is compiled and shown in errors. */
const EXPECTED_MAX = 1024;

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

const STATUS_ALLOWED = "must be a status such as 204, or a range such as 200-299, from 100 to 599";

const Status = z.union(
  [
    z.int(STATUS_ALLOWED).min(100, STATUS_ALLOWED).max(599, STATUS_ALLOWED),
    z.string().refine((text) => parseStatus(text) !== undefined, STATUS_ALLOWED),
  ],
  STATUS_ALLOWED,
);

export const HttpCheck = z
  .strictObject({
    type: z.literal("http"),
    url: Url.describe("What to request: http or https, without credentials. [required]"),
    method: z
      .enum(["GET", "HEAD", "OPTIONS", "POST"])
      .default("GET")
      .describe("Request method; POST is sent with an empty body. [GET]"),
    headers: Headers.default({}).describe(
      "Request headers, name to value; values are never logged. [none]",
    ),
    host: Authority.optional().describe(
      "Host header; for https also the name asked for and verified. [the host of url]",
    ),
    "expect-status": z
      .array(Status)
      .min(1, "must have at least one status")
      .max(32, "must have at most 32 entries")
      .default(["200-299"])
      .describe("Statuses that pass: numbers, and ranges with both ends included. [200-299]"),
    "expect-body": z
      .string()
      .min(1, "must not be empty")
      .max(EXPECTED_MAX, `must be at most ${EXPECTED_MAX} characters`)
      .superRefine((text, context) => {
        const mistake = mistakeInBodyTest(text);
        if (mistake !== undefined) context.addIssue({ code: "custom", message: mistake });
      })
      .optional()
      .describe(
        "Text that the body contains, or /regex/ or /regex/i that it matches, in its first 64 KiB. [the body is not read]",
      ),
    "tls-verify": z
      .boolean()
      .default(true)
      .describe("Whether chain, dates and name of the certificate must be valid. [true]"),
    "ca-file": z
      .string()
      .startsWith("/", "must be an absolute path")
      .max(4096)
      .refine((path) => !path.includes("\0"), "must be an absolute path")
      .optional()
      .describe(
        "PEM file with the authorities to trust instead of the built-in ones. [the authorities of Node.js]",
      ),
    "server-name": z
      .string()
      .refine(isName, "must be a host name: an address cannot be asked for")
      .optional()
      .describe(
        "Name to ask for in the TLS handshake and to verify. [the name in host, else in url]",
      ),
    watch: Watch,
  })
  .superRefine((check, context) => {
    const refuse = (key: keyof typeof check, why: string): void =>
      context.addIssue({ code: "custom", path: [key], message: `must be absent: ${why}` });
    if (/^http:/i.test(check.url)) {
      if (check["ca-file"] !== undefined) refuse("ca-file", "url is not https");
      if (check["server-name"] !== undefined) refuse("server-name", "url is not https");
    } else if (!check["tls-verify"] && check["ca-file"] !== undefined) {
      refuse("ca-file", "tls-verify is false");
    }
    if (check.method === "HEAD" && check["expect-body"] !== undefined) {
      refuse("expect-body", "an answer to HEAD has no body");
    }
  });
export type HttpCheck = z.infer<typeof HttpCheck>;

export function createHttpProbe(spec: HttpCheck, { resolver, wallClock }: ProbeContext): Probe {
  const url = new URL(spec.url);
  const statuses = spec["expect-status"].map(parseStatus).filter((range) => range !== undefined);
  const isExpected = (status: number): boolean =>
    statuses.some(({ first, last }) => status >= first && status <= last);
  const expectedBody = spec["expect-body"];
  const testBody = expectedBody === undefined ? undefined : parseBodyTest(expectedBody);
  const trust = createTrust(spec["ca-file"]);
  const headers = { ...spec.headers, ...(spec.host !== undefined && { host: spec.host }) };
  const exchange = createExchange({
    url,
    method: spec.method,
    headers,
    tls: { verify: spec["tls-verify"], serverName: spec["server-name"] },
    wantsBody: (status) => testBody !== undefined && isExpected(status),
  });

  return async (signal) => {
    const resolved = await resolver.resolve(bareHost(url), signal);
    if ("failure" in resolved) return resolved.failure;
    let secureContext;
    try {
      secureContext = url.protocol === "https:" ? trust() : undefined;
    } catch (error) {
      return resultOfTrustError(error);
    }
    try {
      return judge(await exchange({ addresses: resolved.addresses, secureContext }, signal));
    } catch (error) {
      const result = resultOfError(error);
      if (result === undefined) throw rootOf(error);
      return isDateError(error) ? wallClock.judge(result) : result;
    }
  };

  function judge(found: Exchange): Result {
    if (found.kind === "not-asked") return NOT_ASKED;
    if (found.kind === "timeout") return fail("timeout", `waiting for ${found.waitingFor}`);
    const { status, body } = found;
    if (!isExpected(status)) return fail("wrong-status", `status ${status}`);
    if (testBody === undefined || testBody(body.toString())) return pass(`status ${status}`);
    const limit = body.length === BODY_MAX_BYTES ? "the first " : "";
    return fail("wrong-body", `no match in ${limit}${body.length} bytes, status ${status}`);
  }
}

/** For https without a handshake: the end of the connection is heard all the same, and it costs the service less. */
export function listenHttp(spec: HttpCheck, context: ProbeContext): Listen | undefined {
  if (!spec.watch) return undefined;
  const url = new URL(spec.url);
  const port =
    url.port === "" ? DEFAULT_PORTS[url.protocol === "https:" ? "https" : "http"] : url.port;
  return holdTcp(bareHost(url), Number(port), context);
}
