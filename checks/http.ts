/** `http`: one request on a new connection; passes when status and body are the expected ones. */
import { z } from "zod";
import type { ProbeContext } from "./context.ts";
import { parseBodyTest, parseStatus } from "./http-expect.ts";
import { isHost, Watch } from "./keys.ts";
import { inconclusive, type Probe } from "./probe.ts";

/** More than any health check needs; a request must fit into what servers accept (commonly 8 KiB). */
const HEADERS_MAX = 32;
const HEADER_VALUE_MAX = 4096;
const EXPECTED_MAX = 1024;
const URL_MAX = 2048;

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/i;

/** Framing and the connection are the probe's; `host` has its own key. */
const OWN_HEADERS = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const HeaderName = z
  .string()
  .regex(TOKEN, "must be a header name: letters, digits and hyphens")
  .refine(
    (name) => !OWN_HEADERS.has(name.toLowerCase()),
    "must not be a header that the check sets itself",
  );

const HeaderValue = z
  .string()
  .max(HEADER_VALUE_MAX, `must be at most ${HEADER_VALUE_MAX} characters`)
  .regex(/^[\x20-\x7e]*$/, "must be printable ASCII on one line");

const STATUS_ALLOWED = "must be a status such as 204, or a range such as 200-299, from 100 to 599";

const Status = z.union(
  [z.int().min(100).max(599), z.string().refine((text) => parseStatus(text) !== undefined)],
  STATUS_ALLOWED,
);

const Url = z
  .string()
  .max(URL_MAX, `must be at most ${URL_MAX} characters`)
  .superRefine((text, context) => {
    const mistake = mistakeInUrl(text);
    if (mistake !== undefined) context.addIssue({ code: "custom", message: mistake });
  });

export const HttpCheck = z
  .strictObject({
    type: z.literal("http"),
    url: Url.describe("What to request: http or https, without credentials. [required]"),
    method: z
      .enum(["GET", "HEAD", "OPTIONS", "POST"])
      .default("GET")
      .describe("Request method; POST is sent with an empty body. [GET]"),
    headers: z
      .record(HeaderName, HeaderValue)
      .refine(
        (headers) => Object.keys(headers).length <= HEADERS_MAX,
        `must have at most ${HEADERS_MAX} headers`,
      )
      .refine(hasDistinctNames, "must not name a header twice")
      .default({})
      .describe("Request headers, name to value; values are never logged. [none]"),
    host: z
      .string()
      .refine(isAuthority, "must be a host name or address, with a port if need be")
      .optional()
      .describe("Host header; for https also the name asked for and verified. [the host of url]"),
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
        try {
          parseBodyTest(text);
        } catch (error) {
          context.addIssue({
            code: "custom",
            message: `must be text, /regex/ or /regex/i: ${String(error)}`,
          });
        }
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
      .refine(isHost, "must be a host name")
      .optional()
      .describe(
        "Name to ask for in the TLS handshake and to verify. [the name in host, else in url]",
      ),
    watch: Watch,
  })
  .superRefine((check, context) => {
    if (URL.canParse(check.url) && new URL(check.url).protocol === "http:") {
      for (const key of ["ca-file", "server-name"] as const) {
        if (check[key] !== undefined) {
          context.addIssue({
            code: "custom",
            path: [key],
            message: "must be absent: url is not https",
          });
        }
      }
    }
    if (check.method === "HEAD" && check["expect-body"] !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["expect-body"],
        message: "must be absent: an answer to HEAD has no body",
      });
    }
    if (!check["tls-verify"] && check["ca-file"] !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["ca-file"],
        message: "must be absent: tls-verify is false",
      });
    }
  });
export type HttpCheck = z.infer<typeof HttpCheck>;

export function createHttpProbe(_spec: HttpCheck, _context: ProbeContext): Probe {
  return () => Promise.resolve(inconclusive("internal", "not written yet"));
}

function mistakeInUrl(text: string): string | undefined {
  // The URL parser drops tabs and newlines and trims; what is written must be what is sent.
  if (!/^[\x21-\x7e]+$/.test(text) || !/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    return "must be a URL such as http://127.0.0.1:8080/healthz, in printable ASCII";
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    return "must not contain credentials: use headers";
  if (url.hash !== "" || text.includes("#")) return "must not contain a fragment: it is never sent";
  if (url.port === "0") return "must not have port 0";
  if (!isHost(bareHost(url))) return "must have a valid host";
  return undefined;
}

/** The host of `url` without the brackets that IPv6 addresses wear in a URL. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

function isAuthority(text: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(text) || /[/?#@\\]/.test(text)) return false;
  return URL.canParse(`http://${text}/`) && isHost(bareHost(new URL(`http://${text}/`)));
}

function hasDistinctNames(headers: Record<string, string>): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return new Set(names).size === names.length;
}
