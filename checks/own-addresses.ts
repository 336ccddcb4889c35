/** The addresses of this host's interfaces. */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { addressKey, type AddressKey, type KeyRange } from "./address-key.ts";
import type { Timers } from "./timers.ts";

export interface OwnAddresses {
  /**
   * Whether an address in `range` is on an interface that is up (`interfaceName`, if it is given), and usable.
   *
   * @throws What the kernel's refusal to list them becomes.
   */
  has(range: KeyRange, interfaceName: string | undefined): boolean;
}

/** Each list is sorted. */
interface Listing {
  readonly all: readonly AddressKey[];
  readonly byInterface: ReadonlyMap<string, readonly AddressKey[]>;
}

/**
 * How long a listing is used, in units of the time that it took: 1,000 addresses take 2 ms, in which nothing else runs,
 * and many checks ask at once. A few addresses take 0.1 ms, and are listed for each attempt.
 */
const REST_FACTOR = 50;

/** Two attempts of a check with default timing must not be judged by one listing, however long it took. */
const REST_MAX_MS = 250;

/** Interface flags of IPv6 addresses (linux/if_addr.h): not usable yet, or never, as another host has it (RFC 4862). */
const UNUSABLE = 0x40 | 0x08;

/** One line: address, interface index, prefix length, scope, flags, name. */
const IF_INET6_LINE = /^([0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) +(\S+)$/gm;

export function createOwnAddresses(timers: Timers): OwnAddresses {
  let listing: Listing = { all: [], byInterface: new Map() };
  let tookMs = Infinity;
  let goodUntilMs = -Infinity;
  return {
    has(range, interfaceName) {
      const startedMs = timers.nowMs();
      if (startedMs >= goodUntilMs) {
        listing = list();
        const endedMs = timers.nowMs();
        // On a busy machine one may take long by chance.
        const costMs = Math.min(endedMs - startedMs, tookMs);
        tookMs = endedMs - startedMs;
        goodUntilMs = endedMs + Math.min(REST_FACTOR * costMs, REST_MAX_MS);
      }
      const keys =
        interfaceName === undefined ? listing.all : listing.byInterface.get(interfaceName);
      return contains(keys ?? [], range);
    },
  };
}

/**
 * libuv leaves out interfaces that are down or have no carrier: what is sent to their addresses is not for us.
 * An IPv4 address with a label (`lo:anycast`, ip-address(8)) comes under that; it is on `lo`.
 */
function list(): Listing {
  const unusable = unusableAddresses();
  const byInterface = new Map<string, AddressKey[]>();
  for (const [label, addresses = []] of Object.entries(networkInterfaces())) {
    const name = label.replace(/:.*$/s, "");
    const keys = addresses.flatMap(({ address }) => addressKey(address) ?? []);
    const usable = keys.filter((key) => !unusable.has(`${name} ${key}`));
    byInterface.set(name, [...(byInterface.get(name) ?? []), ...usable]);
  }
  for (const keys of byInterface.values()) keys.sort();
  return { all: [...byInterface.values()].flat().toSorted(), byInterface };
}

/** Interface name and key. A kernel without IPv6 has no such file. */
function unusableAddresses(): ReadonlySet<string> {
  let text = "";
  try {
    text = readFileSync("/proc/net/if_inet6", "latin1");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  return new Set(
    [...text.matchAll(IF_INET6_LINE)]
      .filter(([, , flags = ""]) => (Number.parseInt(flags, 16) & UNUSABLE) !== 0)
      .map(([, digits = "", , name = ""]) => `${name} 6${digits}`),
  );
}

/** Halves the list, because a service may have thousands of prefixes. */
function contains(keys: readonly AddressKey[], { first, last }: KeyRange): boolean {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < first) low = middle + 1;
    else high = middle;
  }
  const found = keys[low];
  return found !== undefined && found <= last;
}
