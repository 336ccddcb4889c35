/** The hosts file (hosts(5)): names that are answered without asking a DNS server. */
import { isIP } from "node:net";
import { createCachedFile } from "./cached-file.ts";

/** Ad-blocking lists have 100,000 lines; a PoP that resolves its own services has a few. */
export const HOSTS_FILE_MAX_BYTES = 1024 * 1024;

/** The addresses of a name in lower case, in the order of the file's lines. */
export type HostsFile = (name: string) => readonly string[];

type AddressesOf = ReadonlyMap<string, readonly string[]>;

/**
 * A missing file is empty. One that cannot be read (no descriptors) is what it was: a name that stood in
 * it would else be asked of a DNS server, which does not know it. What follows `HOSTS_FILE_MAX_BYTES`
 * is ignored.
 */
export function createHostsFile(path: string): HostsFile {
  const read = createCachedFile(path, HOSTS_FILE_MAX_BYTES, parseHosts);
  let last: AddressesOf = new Map();
  return (name) => {
    try {
      last = read();
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") last = new Map();
    }
    return last.get(name) ?? [];
  };
}

function parseHosts(content: Buffer): AddressesOf {
  const addressesOf = new Map<string, string[]>();
  const text = content.toString("latin1");
  // A line cut at the limit could end in half a name.
  const cut = content.length === HOSTS_FILE_MAX_BYTES;
  const lines = cut ? text.slice(0, text.lastIndexOf("\n") + 1) : text;
  for (const line of lines.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      const addresses = addressesOf.get(name) ?? [];
      if (!addresses.includes(address)) addressesOf.set(name, [...addresses, address]);
    }
  }
  return addressesOf;
}
