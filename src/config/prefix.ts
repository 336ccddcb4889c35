/** Prefixes and addresses as numbers, so that they can be compared. */
import { isIPv4, isIPv6 } from "node:net";
import { Address4, Address6 } from "ip-address";

/** An IPv4 or IPv6 network. */
export interface Prefix {
  readonly family: 4 | 6;
  /** Canonical text without host bits (RFC 5952). */
  readonly text: string;
  /** Whether what was written has bits set beyond its length: `192.0.2.1/24`. */
  readonly hasHostBits: boolean;
  readonly length: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** An IPv4 or IPv6 address. */
export interface Address {
  readonly family: 4 | 6;
  /** Canonical text (RFC 5952). */
  readonly text: string;
  readonly value: bigint;
}

/** @returns Undefined if `text` is not ADDRESS/LENGTH. */
export function parsePrefix(text: string): Prefix | undefined {
  const groups = /^(?<address>[^/]{2,45})\/(?<length>0|[1-9]\d{0,2})$/.exec(text)?.groups;
  const address = parseAddress(groups?.["address"] ?? "");
  if (address === undefined) return undefined;
  const { family, value } = address;
  const bits = family === 4 ? 32 : 128;
  const length = Number(groups?.["length"]);
  if (length > bits) return undefined;
  const hostBits = BigInt(bits - length);
  const first = (value >> hostBits) << hostBits;
  const last = first + (1n << hostBits) - 1n;
  const canonical = `${first === value ? address.text : formatAddress(family, first)}/${length}`;
  return { family, text: canonical, hasHostBits: first !== value, length, first, last };
}

/** @returns Undefined if `text` is not an address, or one with a zone (`fe80::1%eth0`). */
export function parseAddress(text: string): Address | undefined {
  // ip-address accepts more than an address (`192.0.2.1/24`, short forms): node:net decides.
  if (isIPv4(text)) return { family: 4, text, value: new Address4(text).bigInt() };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const address = new Address6(text);
  return { family: 6, text: address.correctForm(), value: address.bigInt() };
}

function formatAddress(family: 4 | 6, value: bigint): string {
  return family === 4
    ? Address4.fromBigInt(value).correctForm()
    : Address6.fromBigInt(value).correctForm();
}
