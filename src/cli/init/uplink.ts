/** What this host says of itself: from its interfaces and its routing tables, without asking anybody. */
import { readFileSync } from "node:fs";
import { hostname, networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import { parseAddress, parsePrefix } from "../../config/prefix.ts";
import { addressMistake, familyOf, type Family } from "./addresses.ts";

export interface Host {
  readonly name: string;
  readonly interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>;
  /** Names of the interfaces with a default route, the best first. */
  readonly uplinks: Readonly<Record<Family, readonly string[]>>;
}

export interface Guess {
  readonly address: string;
  readonly interfaceName: string;
}

export function thisHost(): Host {
  return {
    name: hostname(),
    interfaces: networkInterfaces(),
    uplinks: {
      4: uplinks4(readOrNothing("/proc/net/route")),
      6: uplinks6(readOrNothing("/proc/net/ipv6_route")),
    },
  };
}

/**
 * The address in a network that a peer is in too; else the first one of the interface that has the default route,
 * which a provider calls the main address; else the first one that there is.
 */
export function guessLocalAddress(
  family: Family,
  peers: readonly string[],
  host: Host,
): Guess | undefined {
  const candidates = addressesOf(family, host);
  const near = candidates.find(({ cidr }) => peers.some((peer) => contains(cidr, peer)));
  return near ?? candidates[0];
}

/** An IPv4 address, also for sessions over IPv6 alone. */
export function guessRouterId(host: Host): Guess | undefined {
  return addressesOf(4, host)[0];
}

interface Candidate extends Guess {
  readonly cidr: string;
}

function addressesOf(family: Family, { interfaces, uplinks }: Host): Candidate[] {
  const names = [...new Set([...uplinks[family], ...Object.keys(interfaces)])];
  return names.flatMap((interfaceName) =>
    (interfaces[interfaceName] ?? [])
      .filter(({ internal, address }) => !internal && familyOf(address) === family)
      .filter(({ address }) => addressMistake(address) === undefined)
      .map(({ address, cidr }) => ({ address, interfaceName, cidr: cidr ?? "" })),
  );
}

function contains(cidr: string, text: string): boolean {
  const [network, address] = [parsePrefix(cidr), parseAddress(text)];
  return (
    network !== undefined &&
    address?.family === network.family &&
    network.first <= address.value &&
    address.value <= network.last
  );
}

/** Interface, destination, gateway, flags, two counters, metric, mask; numbers in hex but the metric (proc(5)). */
function uplinks4(text: string): string[] {
  return byMetric(
    text
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t"))
      .filter((fields) => fields[1] === "00000000" && fields[7]?.trim() === "00000000")
      .map(([name = "", , , , , , metric]) => ({ name, metric: Number(metric) })),
  );
}

/** Destination, its length, source, its length, gateway, metric, two counters, flags, interface; all in hex. */
function uplinks6(text: string): string[] {
  return byMetric(
    text
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([destination = "", length]) => /^0{32}$/.test(destination) && length === "00")
      .map((fields) => ({ name: fields[9] ?? "", metric: Number.parseInt(fields[5] ?? "", 16) }))
      // The kernel's own unreachable default.
      .filter(({ name }) => name !== "lo"),
  );
}

function byMetric(routes: readonly { readonly name: string; readonly metric: number }[]): string[] {
  return routes.toSorted((a, b) => a.metric - b.metric).map(({ name }) => name);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
