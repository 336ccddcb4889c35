/** Addresses, routes and sysctls, as the kernel has them now. */
import { readdirSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { parseAddress } from "../config/prefix.ts";
import { agentNeighbors, type Conf, type Fact, type Facts } from "./host.ts";
import { ask } from "./tool.ts";

/** Each neighbor is a question to `ip`. */
const NEIGHBORS_MAX = 32;

/** Interfaces that are up; `lo:anycast` is `lo`. */
export function gatherAddresses(): Fact<Facts["addresses"]> {
  return {
    value: Object.entries(networkInterfaces()).flatMap(([label, addresses = []]) =>
      addresses.map(({ address, cidr }) => ({
        interfaceName: label.replace(/:.*$/s, ""),
        address,
        prefixLength: Number(cidr?.split("/")[1] ?? Number.NaN),
      })),
    ),
  };
}

/** Where packets to each neighbor leave. A neighbor without a route is not in it. */
export async function gatherUplinks(
  conf: Fact<Conf>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Fact<Facts["uplinks"]>> {
  if ("unknown" in conf) return conf;
  const neighbors = agentNeighbors(conf.value)
    .map(({ address }) => address)
    .filter((address) => parseAddress(address) !== undefined)
    .slice(0, NEIGHBORS_MAX);
  const version = await ask("ip", ["-Version"], env);
  if ("why" in version) return { unknown: version.why };
  const uplinks = await Promise.all(
    neighbors.map(async (neighbor) => {
      // Not `unreachable` and its like: those have no `dev`, and `ip` fails.
      const answer = await ask("ip", ["-o", "route", "get", neighbor], env);
      const name = "text" in answer ? /\bdev (\S+)/.exec(answer.text)?.[1] : undefined;
      return name === undefined ? [] : [{ neighbor, interfaceName: name }];
    }),
  );
  return { value: uplinks.flat() };
}

export function gatherRpFilter(folder = "/proc/sys/net/ipv4/conf"): Fact<Facts["rpFilter"]> {
  try {
    return {
      value: new Map(
        readdirSync(folder).flatMap((name): [string, number][] => {
          try {
            return [[name, Number(readFileSync(`${folder}/${name}/rp_filter`, "utf8"))]];
          } catch {
            // The interface has gone meanwhile.
            return [];
          }
        }),
      ),
    };
  } catch {
    return { unknown: `${folder} cannot be read` };
  }
}
