/** Where an `http` check sends its request. */
import { z } from "zod";
import { isHost } from "./keys.ts";

/** A request must fit into what servers accept, commonly 8 KiB. */
const URL_MAX = 2048;

export const Url = z
  .string()
  .max(URL_MAX, `must be at most ${URL_MAX} characters`)
  .superRefine((text, context) => {
    const mistake = mistakeInUrl(text);
    if (mistake !== undefined) context.addIssue({ code: "custom", message: mistake });
  });

/** `name`, `address` or `[address]`, with `:port` if need be: what a Host header may be (RFC 9110 section 7.2). */
export const Authority = z
  .string()
  .refine(isAuthority, "must be a host name or address, with a port if need be");

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
