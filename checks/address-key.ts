/** Addresses as text that sorts like the numbers that they are. */
import { isIPv4, isIPv6 } from "node:net";

/** `4` or `6`, then 8 or 32 hexadecimal digits: of two of one family the larger address has the larger text. */
export type AddressKey = string;

/** Both ends are included. */
export interface KeyRange {
  readonly first: AddressKey;
  readonly last: AddressKey;
}

/** @returns Undefined if `text` is not an address, or one with a zone. */
export function addressKey(text: string): AddressKey | undefined {
  if (isIPv4(text)) return `4${hexOfIPv4(text)}`;
  if (!isIPv6(text) || text.includes("%")) return undefined;
  // `::ffff:192.0.2.1` ends in an IPv4 address (RFC 4291 section 2.2).
  const [, head = text, tail = ""] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const digits = tail === "" ? "" : hexOfIPv4(tail);
  const groups = digits === "" ? text : `${head}${digits.slice(0, 4)}:${digits.slice(4)}`;
  const [left = "", right = ""] = groups.split("::");
  const [before, after] = [hexOfGroups(left), hexOfGroups(right)];
  return `6${before}${"0".repeat(32 - before.length - after.length)}${after}`;
}

/** @returns Undefined if `text` is neither an address nor ADDRESS/LENGTH without host bits. */
export function keyRange(text: string): KeyRange | undefined {
  const [, address = "", lengthText] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  const first = addressKey(address);
  if (first === undefined) return undefined;
  const bits = 4 * (first.length - 1);
  const length = lengthText === undefined ? bits : Number(lengthText);
  if (length > bits) return undefined;
  const hostBits = (1n << BigInt(bits - length)) - 1n;
  const value = BigInt(`0x${first.slice(1)}`);
  if ((value & hostBits) !== 0n) return undefined;
  const last = (value | hostBits).toString(16).padStart(bits / 4, "0");
  return { first, last: `${first.charAt(0)}${last}` };
}

function hexOfIPv4(text: string): string {
  return text
    .split(".")
    .map((byte) => Number(byte).toString(16).padStart(2, "0"))
    .join("");
}

function hexOfGroups(text: string): string {
  if (text === "") return "";
  return text
    .split(":")
    .map((group) => group.toLowerCase().padStart(4, "0"))
    .join("");
}
