/** Which addresses are not for the Internet, and which cannot be a next hop. */
import { type Address, parsePrefix, type Prefix } from "./prefix.ts";

interface Space extends Prefix {
  /** For messages: "private space (RFC 1918)". */
  readonly name: string;
  /** A next hop there resets the session (FRR, loopback) or cannot be reached. */
  readonly canBeNextHop: boolean;
}

const [NEXT_HOP, NO_NEXT_HOP] = [true, false];

/** RFC 6890 and the IANA special-purpose address registries, as far as a PoP could name them. */
const SPACES: readonly Space[] = [
  space("0.0.0.0/8", "the unspecified network (RFC 1122)", NO_NEXT_HOP),
  space("10.0.0.0/8", "private space (RFC 1918)", NEXT_HOP),
  space("100.64.0.0/10", "shared space (RFC 6598)", NEXT_HOP),
  space("127.0.0.0/8", "loopback (RFC 1122)", NO_NEXT_HOP),
  space("169.254.0.0/16", "link-local space (RFC 3927)", NEXT_HOP),
  space("172.16.0.0/12", "private space (RFC 1918)", NEXT_HOP),
  space("192.0.0.0/24", "protocol assignments (RFC 6890)", NEXT_HOP),
  space("192.0.2.0/24", "documentation space (RFC 5737)", NEXT_HOP),
  space("192.168.0.0/16", "private space (RFC 1918)", NEXT_HOP),
  space("198.18.0.0/15", "benchmarking space (RFC 2544)", NEXT_HOP),
  space("198.51.100.0/24", "documentation space (RFC 5737)", NEXT_HOP),
  space("203.0.113.0/24", "documentation space (RFC 5737)", NEXT_HOP),
  space("224.0.0.0/4", "multicast (RFC 5771)", NO_NEXT_HOP),
  space("240.0.0.0/4", "reserved space (RFC 1112)", NO_NEXT_HOP),
  space("::/128", "the unspecified address (RFC 4291)", NO_NEXT_HOP),
  space("::1/128", "loopback (RFC 4291)", NO_NEXT_HOP),
  space("::ffff:0:0/96", "IPv4-mapped addresses (RFC 4291)", NO_NEXT_HOP),
  space("64:ff9b:1::/48", "local translation space (RFC 8215)", NEXT_HOP),
  space("100::/64", "the discard prefix (RFC 6666)", NO_NEXT_HOP),
  space("2001:2::/48", "benchmarking space (RFC 5180)", NEXT_HOP),
  space("2001:db8::/32", "documentation space (RFC 3849)", NEXT_HOP),
  space("3fff::/20", "documentation space (RFC 9637)", NEXT_HOP),
  space("5f00::/16", "segment routing space (RFC 9602)", NEXT_HOP),
  space("fc00::/7", "private space (RFC 4193)", NEXT_HOP),
  // RFC 2545 section 3: the next hop is a global address; a link-local one needs an interface.
  space("fe80::/10", "link-local space (RFC 4291)", NO_NEXT_HOP),
  space("ff00::/8", "multicast (RFC 4291)", NO_NEXT_HOP),
];

/** @returns What `prefix` lies in, or contains, that must not be announced to the Internet. */
export function specialSpaceOf(prefix: Prefix): string | undefined {
  return SPACES.find(
    ({ family, first, last }) =>
      family === prefix.family && first <= prefix.last && prefix.first <= last,
  )?.name;
}

/** @returns Why `address` cannot be a next hop. */
export function nextHopMistake(address: Address): string | undefined {
  return SPACES.find(
    ({ canBeNextHop, family, first, last }) =>
      !canBeNextHop && family === address.family && first <= address.value && address.value <= last,
  )?.name;
}

/** @returns Whether `address` can be the other end of a BGP session: a host's own address, loopback included. */
export function isNeighborAddress({ family, value }: Address): boolean {
  if (family === 4) return value > 0n && value >> 28n < 0xen;
  return value > 0n && value >> 120n !== 0xffn && value >> 32n !== 0xffffn;
}

function space(text: string, name: string, canBeNextHop: boolean): Space {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new TypeError(`Cannot use ${text}: must be a prefix`);
  return { ...prefix, name, canBeNextHop };
}
