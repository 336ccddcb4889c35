/** exabgp.conf from the template: the neighbor of a family stands there once for each peer of it. */
import { familyOf, type Family } from "./addresses.ts";
import type { Preset } from "./presets.ts";
import { fillTemplate, type Values } from "./template.ts";

export interface Peering {
  readonly anyctl: string;
  readonly config: string;
  readonly preset: Pick<Preset, "name">;
  readonly localAs: string;
  readonly peerAs: string;
  readonly routerId: string;
  readonly holdTime: string;
  readonly multihop: number;
  readonly password?: string | undefined;
  readonly peers: readonly { readonly address: string; readonly localAddress: string }[];
}

/**
 * @param template exabgp/templates/exabgp.conf
 * @throws {RangeError} If a value could end its statement: all are numbers, addresses, plain paths, or a password
 *   without quotes, and whoever asked for them has looked.
 */
export function exabgpText(template: string, peering: Peering): string {
  const { head, neighbors } = split(template);
  const common: Values = {
    ANYCTL: peering.anyctl,
    CONFIG: peering.config,
    ROUTER_ID: peering.routerId,
    LOCAL_AS: peering.localAs,
    PEER_AS: peering.peerAs,
    HOLD_TIME: peering.holdTime,
    ...(peering.multihop > 1 ? { OUTGOING_TTL: String(peering.multihop) } : {}),
  };
  const blocks = peering.peers.map(({ address, localAddress }, index) => {
    const family = familyOf(address) ?? 4;
    const values = {
      ...common,
      [`PEER_IPV${family}`]: address,
      [`LOCAL_IPV${family}`]: localAddress,
    };
    for (const [name, value] of Object.entries(values)) assertPlain(name, value);
    const secret = peering.password === undefined ? {} : { MD5_PASSWORD: peering.password };
    if (/["'\\]|[^\x20-\x7e]/.test(peering.password ?? "")) {
      throw new RangeError("Cannot write the MD5 password: it would end its quotes");
    }
    const text = fillTemplate(neighbors[family], { ...values, ...secret });
    // What the lines mean is said once.
    return index === 0 ? text : withoutComments(text);
  });
  const first = fillTemplate(head, common);
  const written = `# Written by \`anyctl init --preset ${peering.preset.name}\`.\n`;
  return `${written}${first}${blocks.join("\n")}`;
}

function assertPlain(name: string, value: string): void {
  if (/^[\w./:-]+$/.test(value)) return;
  throw new RangeError(
    `Cannot write ${JSON.stringify(value)} for ${name}: it could end its statement`,
  );
}

/** The text before the neighbors, and the block of each family. */
function split(template: string): {
  readonly head: string;
  readonly neighbors: Readonly<Record<Family, string>>;
} {
  return {
    head: template.slice(0, startOf(template, 4)),
    neighbors: { 4: blockOf(template, 4), 6: blockOf(template, 6) },
  };
}

function blockOf(template: string, family: Family): string {
  const start = startOf(template, family);
  const end = template.indexOf("\n}\n", start);
  return template.slice(start, end + "\n}\n".length);
}

function startOf(template: string, family: Family): number {
  const start = template.indexOf(`neighbor @PEER_IPV${family}@ {`);
  if (start < 0) throw new Error(`Cannot find the IPv${family} neighbor in exabgp.conf`);
  return start;
}

function withoutComments(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n");
}
