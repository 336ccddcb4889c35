/**
 * Lines of `show neighbor configuration`, as ExaBGP 4.2.21, 4.2.25 and 5.0.15 write them: blocks as in exabgp.conf, two
 * blanks a level. There may be passwords in it: a line is read, and neither kept nor shown.
 */
import { neighborOf } from "./decode-text.ts";
import type { DataLine } from "./decode.ts";
import type { ConfiguredNeighbor } from "./listed-neighbor.ts";
import type { ListingReader } from "./listings.ts";

/** With the processes that it names: only theirs are the routes that it gets. */
export interface NeighborBlock extends ConfiguredNeighbor {
  readonly processes: readonly string[];
}

/** What is known of the block that is read. */
interface Draft {
  readonly neighbor: string;
  /** Names of the blocks in it that are open. */
  readonly open: string[];
  readonly settings: Map<string, string>;
  readonly families: Set<"ipv4" | "ipv6">;
  readonly processes: Set<string>;
}

const HEAD = /^neighbor (\S{2,45}) \{$/;
const OPEN = /^ {2,}([a-z-]{1,20}) \{$/;
const CLOSE = /^ {2,}\}$/;
const SETTING = /^ {2}(local-address|local-as|peer-as) (\S{1,45});$/;
const FAMILY = /^ {4}(ipv[46]) unicast;$/;
const PROCESSES = /^ {4}processes \[ (.{1,1000}) \];$/;

/** No other answer and no event is like it. */
export function isBlockHead(text: string): boolean {
  return HEAD.test(text);
}

export class ConfigurationReader implements ListingReader<NeighborBlock> {
  #draft: Draft | undefined;

  get isWhole(): boolean {
    return this.#draft === undefined;
  }

  read(line: DataLine): readonly NeighborBlock[] | undefined {
    if (line.kind !== "text") return undefined;
    const { text } = line;
    const draft = this.#draft;
    if (draft === undefined) return this.#begin(text);
    if (text === "}") return this.#end(draft);
    // A neighbor within another is a line that was lost.
    if (!text.startsWith("  ")) return undefined;
    const name = OPEN.exec(text)?.[1];
    if (name !== undefined) draft.open.push(name);
    else if (CLOSE.test(text)) return draft.open.pop() === undefined ? undefined : [];
    else take(draft, text);
    return [];
  }

  #begin(text: string): readonly [] | undefined {
    // A range of addresses is none that a command could name.
    const neighbor = neighborOf(HEAD.exec(text)?.[1]);
    if (neighbor === undefined) return undefined;
    const draft = { neighbor, open: [], settings: new Map(), families: new Set<"ipv4" | "ipv6">() };
    this.#draft = { ...draft, processes: new Set() };
    return [];
  }

  #end({ neighbor, open, settings, families, processes }: Draft): [NeighborBlock] | undefined {
    this.#draft = undefined;
    if (open.length > 0) return undefined;
    const [localAs, peerAs] = ["local-as", "peer-as"].map((key) => asOf(settings.get(key)));
    return [
      {
        neighbor,
        localAddress: neighborOf(settings.get("local-address")),
        families: [...families].toSorted(),
        ...(localAs !== undefined && { localAs }),
        ...(peerAs !== undefined && { peerAs }),
        processes: [...processes],
      },
    ];
  }
}

function take({ open, settings, families, processes }: Draft, text: string): void {
  switch (open.join(" ")) {
    case "": {
      const [, key = "", value = ""] = SETTING.exec(text) ?? [];
      if (key !== "") settings.set(key, value);
      break;
    }
    case "family": {
      const family = FAMILY.exec(text)?.[1];
      if (family === "ipv4" || family === "ipv6") families.add(family);
      break;
    }
    case "api": {
      for (const name of PROCESSES.exec(text)?.[1]?.split(" ") ?? []) processes.add(name);
      break;
    }
    default:
  }
}

function asOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * Those that get the routes of this process, which does not know its own name: as long as all neighbors name one
 * process, it is that; of several it may be any. 5.0 does not show `processes-match`: where no neighbor names a process,
 * all may be ours.
 */
export function ownNeighbors(blocks: readonly NeighborBlock[]): readonly ConfiguredNeighbor[] {
  const isNamed = blocks.some(({ processes }) => processes.length > 0);
  const own = blocks.filter(({ processes }) => !isNamed || processes.length > 0);
  const merged = new Map<string, ConfiguredNeighbor>();
  for (const { processes: _, ...one } of own) {
    const known = merged.get(one.neighbor)?.families ?? [];
    const families = [...new Set([...known, ...one.families])].toSorted();
    merged.set(one.neighbor, { ...one, families });
  }
  return [...merged.values()].toSorted((a, b) => (a.neighbor < b.neighbor ? -1 : 1));
}
