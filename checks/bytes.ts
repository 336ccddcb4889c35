/** What a check sends, and what the answer must begin with: as text or as hex. */
import { z } from "zod";

/** One packet on any path (RFC 8200 section 5: 1280 bytes, less the headers of IPv6 and UDP). */
const BYTES_MAX = 1232;

/** Enough of an answer to recognise it; the detail has 200 characters for everything. */
const EXCERPT_MAX_BYTES = 32;

const HEX = /^(?:[\da-f]{2}\s*)+$/i;
const HEX_ALLOWED = `must be 1 to ${BYTES_MAX} bytes in hex, such as "0d 0a"`;

export const BytesAsText = z
  .string()
  .refine((text) => text !== "" && Buffer.byteLength(text) <= BYTES_MAX, {
    message: `must be text of 1 to ${BYTES_MAX} bytes in UTF-8`,
    abort: true,
  });

export const BytesAsHex = z
  .string()
  .refine((text) => HEX.test(text) && fromHex(text).length <= BYTES_MAX, {
    message: HEX_ALLOWED,
    abort: true,
  });

/** @param text In UTF-8. @param hex What `BytesAsHex` accepts. */
export function bytesOf(text: string | undefined, hex: string | undefined): Buffer | undefined {
  if (text !== undefined) return Buffer.from(text);
  return hex === undefined ? undefined : fromHex(hex);
}

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
}

export interface ByteKeys {
  readonly send?: string | undefined;
  readonly "send-hex"?: string | undefined;
  readonly expect?: string | undefined;
  readonly "expect-hex"?: string | undefined;
}

/** Whether the key is there: one that was wrong and cut out is, without a value, and must cause no other mistake. */
export function isGiven(keys: ByteKeys, key: "send" | "expect"): boolean {
  return Object.hasOwn(keys, key) || Object.hasOwn(keys, `${key}-hex`);
}

/** What is said twice, as text and as hex. */
export function refuseTwice(
  keys: ByteKeys,
  refuse: (key: keyof ByteKeys, message: string) => void,
): void {
  for (const key of ["send", "expect"] as const) {
    if (keys[key] === undefined || keys[`${key}-hex`] === undefined) continue;
    refuse(`${key}-hex`, `must be absent: ${key} says it already`);
  }
}

/** `more` is needed, or it is decided: how many bytes agreed. */
export type Comparison = "more" | "equal" | { readonly differsAt: number };

/** Compares the beginning of an answer; one wrong byte decides, however much is still to come. */
export function compare(answer: Buffer, expected: Buffer): Comparison {
  const length = Math.min(answer.length, expected.length);
  for (let at = 0; at < length; at += 1) {
    if (answer[at] !== expected[at]) return { differsAt: at };
  }
  return length === expected.length ? "equal" : "more";
}

/** The beginning of `bytes` for people: as text where it is printable, else as hex. */
export function excerpt(bytes: Buffer): string {
  const start = bytes.subarray(0, EXCERPT_MAX_BYTES);
  const more = bytes.length > start.length ? "..." : "";
  const text = start.toString("latin1");
  if (/^[\x20-\x7e\r\n\t]*$/.test(text)) return `${JSON.stringify(text)}${more}`;
  return `hex ${start.toString("hex")}${more}`;
}
