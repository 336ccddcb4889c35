/** Which request headers an `http` check may send. */
import { z } from "zod";

/** More than any health check needs; a request must fit into what servers accept (commonly 8 KiB). */
const HEADERS_MAX = 32;
const HEADER_VALUE_MAX = 4096;

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

export const Headers = z
  .record(HeaderName, HeaderValue)
  .refine(
    (headers) => Object.keys(headers).length <= HEADERS_MAX,
    `must have at most ${HEADERS_MAX} headers`,
  )
  .refine(hasDistinctNames, "must not name a header twice");

function hasDistinctNames(headers: Record<string, string>): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return new Set(names).size === names.length;
}
