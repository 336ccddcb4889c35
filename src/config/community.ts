/** Communities as people write them, and as numbers, which is all that ExaBGP is ever told. */

import { parseAddress } from "./prefix.ts";

/** IANA "BGP Well-known Communities". ExaBGP 4.2 takes some names for its own commands anywhere in a line. */
export const WELL_KNOWN_COMMUNITIES: ReadonlyMap<string, string> = new Map([
  ["graceful-shutdown", "65535:0"], // RFC 8326
  ["accept-own", "65535:1"], // RFC 7611
  ["llgr-stale", "65535:6"], // RFC 9494
  ["no-llgr", "65535:7"], // RFC 9494
  ["blackhole", "65535:666"], // RFC 7999
  ["no-export", "65535:65281"], // RFC 1997
  ["no-advertise", "65535:65282"], // RFC 1997
  ["no-export-subconfed", "65535:65283"], // RFC 1997
  ["no-peer", "65535:65284"], // RFC 3765
]);

/** What makes networks drop the traffic, or keeps them from telling others: the service is gone while it is announced. */
export const HIDING_COMMUNITIES: ReadonlyMap<string, string> = new Map([
  ["65535:666", "networks drop traffic to a blackhole (RFC 7999)"],
  // Vultr's customer guide of AS20473.
  ["20473:666", "Vultr drops traffic to a blackhole"],
  ["20473:6000", "Vultr announces it to nobody"],
]);

/** @returns `65535:65281` for `no-export` and for itself; undefined if `text` is no community (RFC 1997). */
export function parseCommunity(text: string): string | undefined {
  return WELL_KNOWN_COMMUNITIES.get(text) ?? numbers(text, /^\d+:\d+$/, 0xff_ff);
}

/** @returns `64496:1:2`; undefined if `text` is no large community (RFC 8092). */
export function parseLargeCommunity(text: string): string | undefined {
  return numbers(text, /^\d+:\d+:\d+$/, 0xff_ff_ff_ff);
}

/**
 * RFC 4360 and RFC 5668: 2 octets before the colon leave 4 behind it, 4 octets, which an IPv4 address has too, leave 2.
 *
 * @returns `target:64496:7`, `target:192.0.2.1:7`; undefined if `text` is not of that form.
 */
export function parseExtendedCommunity(text: string): string | undefined {
  const groups = /^(?<kind>target|origin):(?<rest>.*)$/.exec(text)?.groups;
  const rest = groups?.["rest"] ?? "";
  const [address = ""] = rest.split(":", 1);
  if (parseAddress(address)?.family === 4) {
    const number = numbers(rest.slice(address.length + 1), /^\d+$/, 0xff_ff);
    return number === undefined ? undefined : `${groups?.["kind"]}:${address}:${number}`;
  }
  const pair = numbers(rest, /^\d+:\d+$/, 0xff_ff_ff_ff);
  const [global = 0, local = 0] = pair?.split(":").map(Number) ?? [];
  const fits = global <= 0xff_ff || local <= 0xff_ff;
  return pair === undefined || !fits ? undefined : `${groups?.["kind"]}:${pair}`;
}

function numbers(text: string, pattern: RegExp, max: number): string | undefined {
  if (text.length > 40 || !pattern.test(text)) return undefined;
  const parts = text.split(":").map(Number);
  return parts.every((part) => part <= max) ? parts.join(":") : undefined;
}
