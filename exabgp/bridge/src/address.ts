/** IP addresses and prefixes as strict text: what is not canonicalizable without a guess is refused. */
import { isIPv4, isIPv6 } from "node:net";

/** Address family. */
export type Family = 4 | 6;

/** An address as a number, so that masks are arithmetic. */
export interface Address {
  readonly family: Family;
  readonly bits: bigint;
}

/** A network without host bits. */
export interface Prefix extends Address {
  readonly length: number;
}

const WIDTH_BITS = { 4: 32, 6: 128 } as const;

/** @returns undefined for anything but a plain address: names, zones (`fe80::1%eth0`), leading zeros. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, bits: ipv4Bits(text) };
  // A zone names an interface of one host: it cannot be on the wire.
  if (isIPv6(text) && !text.includes("%")) return { family: 6, bits: ipv6Bits(text) };
  return undefined;
}

/** @returns undefined when the length is missing, too long or written with signs or zeros, or host bits are set. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([0-9A-Fa-f:.]{2,45})\/(0|[1-9][0-9]{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  if (address === undefined) return undefined;
  const length = Number(match?.[2]);
  const hostBits = WIDTH_BITS[address.family] - length;
  if (hostBits < 0 || address.bits !== (address.bits >> BigInt(hostBits)) << BigInt(hostBits)) {
    return undefined;
  }
  return { ...address, length };
}

/** The one canonical text: dotted decimal, or RFC 5952 section 4 without its dotted tail. */
export function formatAddress({ family, bits }: Address): string {
  return family === 4 ? formatIpv4(Number(bits)) : formatIpv6(bits);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`;
}

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291 2.7). */
export function isMulticast({ family, bits }: Address): boolean {
  return family === 4 ? bits >> 28n === 0xen : bits >> 120n === 0xffn;
}

/** By numbers: ten thousand prefixes come at once, and arithmetic with bigints takes four times as long. */
function ipv4Bits(text: string): bigint {
  return BigInt(text.split(".").reduce((number, octet) => number * 256 + Number(octet), 0));
}

function ipv6Bits(text: string): bigint {
  const [head = "", tail] = hexOnly(text).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = "0".repeat(4 * (8 - left.length - right.length));
  return BigInt(`0x${padded(left)}${zeros}${padded(right)}`);
}

function padded(groups: readonly string[]): string {
  return groups.map((group) => group.padStart(4, "0")).join("");
}

/** Rewrites a dotted tail (`::ffff:192.0.2.1`, RFC 4291 2.2) as two groups. */
function hexOnly(text: string): string {
  if (!text.includes(".")) return text;
  const cut = text.lastIndexOf(":") + 1;
  const tail = ipv4Bits(text.slice(cut)).toString(16).padStart(8, "0");
  return `${text.slice(0, cut)}${tail.slice(0, 4)}:${tail.slice(4)}`;
}

function formatIpv4(number: number): string {
  return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join(".");
}

function formatIpv6(bits: bigint): string {
  const digits = bits.toString(16).padStart(32, "0");
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number.parseInt(digits.slice(4 * index, 4 * index + 4), 16).toString(16),
  );
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groups.join(":");
  const left = groups.slice(0, zeros.start).join(":");
  return `${left}::${groups.slice(zeros.start + zeros.length).join(":")}`;
}

/** The first of the longest runs (RFC 5952 4.2.3). */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== "0") start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
