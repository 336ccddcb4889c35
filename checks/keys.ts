/** Keys that several check types have in common. */
import { isIP } from "node:net";
import { z } from "zod";

/** RFC 1035 section 2.3.4: 255 octets on the wire, which are 253 characters in text. */
const NAME_MAX = 253;

/** Letters, digits, hyphens and underscores (DNS-SD, containers use them); RFC 1123 section 2.1. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether `text` is an IP address, or a name that may be looked up. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || isName(text);
}

/** Whether `text` is a name that may be looked up; an address is not. */
export function isName(text: string): boolean {
  if (text.length > NAME_MAX) return false;
  const labels = text.replace(/\.$/, "").split(".");
  // No top-level domain is a number (RFC 3696 section 2): "127.1" and "10.0.0.256" are mistyped addresses.
  if (/^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? "")) return false;
  return labels.every((label) => LABEL.test(label));
}

/** What to connect to. */
export const Host = z
  .string()
  .refine(isHost, "must be an IP address without brackets, or a host name");

const PORT_ALLOWED = "must be a whole number from 1 to 65535";

export const Port = z.int(PORT_ALLOWED).min(1, PORT_ALLOWED).max(65_535, PORT_ALLOWED);

/** Off unless it is asked for: an idle connection occupies a worker of a single-threaded service. */
export const Watch = z
  .boolean()
  .default(false)
  .describe("Keep one idle connection to the target and probe at once when it closes. [false]");
