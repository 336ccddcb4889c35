/** The answer to the barrier question: a listing of sessions that cannot be taken for another answer. */
import { neighborOf } from "./decode-text.ts";
import type { Line, SessionEvent } from "./decode.ts";
import type { Dialect } from "./dialect.ts";

/** `Peer            AS        up/down state       |     #sent     #recvd` on 4.2 and 5.0. */
const HEADER = /^Peer +AS +up\/down +state /;
/** `127.0.0.2       64515     0:01:05 established           1          0`; the time may hold `1 day, `. */
const ROW = /^(\S{2,45}) +(?:\d+|n\/a) +.* ([a-z]+) +\d+ +\d+$/;

/** Whether `line` begins the listing that `dialect` answers the barrier question with. */
export function isListingStart(line: Line, dialect: Dialect): boolean {
  if (dialect !== 6) return line.kind === "text" && HEADER.test(line.text);
  return line.kind === "json" && Array.isArray(line.value) && line.value.every(isNeighbor);
}

/** The sessions that a line of a listing tells about. */
export function sessionsIn(line: Line): SessionEvent[] {
  if (line.kind === "text") return rowOf(line.text);
  if (line.kind !== "json" || !Array.isArray(line.value)) return [];
  return line.value.flatMap((item: unknown) => {
    if (!isNeighbor(item)) return [];
    const neighbor = addressOf(item);
    return neighbor === undefined ? [] : [snapshot(neighbor, item.state === "up")];
  });
}

/** 6.0 gives `peer-address` for a neighbor that never connected, `peer.address` and `state` for the others. */
interface Neighbor {
  readonly "peer-address"?: unknown;
  readonly peer?: { readonly address?: unknown };
  readonly state?: unknown;
}

function isNeighbor(item: unknown): item is Neighbor {
  return typeof item === "object" && item !== null && addressOf(item) !== undefined;
}

function addressOf(item: Neighbor): string | undefined {
  return neighborOf(item["peer-address"] ?? item.peer?.address);
}

function rowOf(text: string): SessionEvent[] {
  const [, address, state] = ROW.exec(text) ?? [];
  const neighbor = neighborOf(address);
  return neighbor === undefined ? [] : [snapshot(neighbor, state === "established")];
}

function snapshot(neighbor: string, isUp: boolean): SessionEvent {
  return { neighbor, state: isUp ? "up" : "down", reason: "listed" };
}
