/** Addresses of sessions, as ExaBGP may use them. */
import { nextHopMistake } from "../../config/address-space.ts";
import { parseAddress } from "../../config/prefix.ts";

export type Family = 4 | 6;

/** @returns Undefined where `text` is no address. */
export function familyOf(text: string): Family | undefined {
  return parseAddress(text)?.family;
}

export function nameFamily(family: Family | undefined): string {
  return family === 4 ? "IPv4" : "IPv6";
}

/** RFC 5952: one address has one spelling, as ExaBGP and the agent will show it. */
export function canonicalAddress(text: string): string {
  return parseAddress(text)?.text ?? text;
}

/** @returns What is wrong with it as an end of a session, whose own end is the next hop. */
export function addressMistake(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return "must be an IPv4 or IPv6 address";
  const space = nextHopMistake(address);
  return space === undefined ? undefined : `must not be in ${space}`;
}
