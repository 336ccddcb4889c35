/** JSON lines: events, and the data of answers in API v6. */
import { isSessionState, neighborOf, prefixOf } from "./decode-text.ts";
import type { AnnouncedPrefix, Line } from "./decode.ts";
import { printable } from "./printable.ts";

/** Decodes a line that starts with `{` or `[`. */
export function decodeJson(line: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return malformed(error instanceof Error ? error.message : "no JSON");
  }
  if (!isObject(value) || value["exabgp"] === undefined) return { kind: "json", value };
  const type = value["type"];
  switch (type) {
    case "state":
      return session(value["neighbor"]);
    case "update":
      return update(value["neighbor"]);
    case "notification":
      return value["notification"] === "shutdown"
        ? { kind: "shutdown" }
        : notification(value["neighbor"]);
    default:
      return typeof type === "string"
        ? { kind: "event", type: printable(type) }
        : malformed("an event without a type");
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function malformed(detail: string): Line {
  return { kind: "malformed", detail: printable(detail) };
}

function peerOf(neighbor: unknown): string | undefined {
  return neighborOf(member(member(neighbor, "address"), "peer"));
}

function session(neighbor: unknown): Line {
  const peer = peerOf(neighbor);
  const state = member(neighbor, "state");
  const reason = member(neighbor, "reason");
  if (peer === undefined) return malformed("a state without a neighbor's address");
  if (!isSessionState(state)) {
    return malformed("a state that is none of up, down, connected");
  }
  const words = typeof reason === "string" ? printable(reason) : "";
  return { kind: "session", neighbor: peer, state, reason: words };
}

function notification(neighbor: unknown): Line {
  const peer = peerOf(neighbor);
  const content = member(neighbor, "notification");
  const code = member(content, "code");
  const subcode = member(content, "subcode");
  if (peer === undefined || typeof code !== "number" || typeof subcode !== "number") {
    return malformed("a notification without neighbor, code or subcode");
  }
  return { kind: "notification", neighbor: peer, code, subcode };
}

/** Families of other kinds than unicast are left out, as is an End-of-RIB, which has no `update`. */
function update(neighbor: unknown): Line {
  const peer = peerOf(neighbor);
  const direction = member(neighbor, "direction");
  const message = member(neighbor, "message");
  if (peer === undefined || (direction !== "send" && direction !== "receive")) {
    return malformed("an update without neighbor or direction");
  }
  const content = member(message, "update");
  if (content === undefined) return { kind: "event", type: "eor" };
  const attributes = member(content, "attribute");
  return {
    kind: "update",
    neighbor: peer,
    direction,
    announced: unicast(member(content, "announce")).flatMap(announcedIn),
    withdrawn: unicast(member(content, "withdraw")).flatMap(prefixesIn),
    attributes: isObject(attributes) ? attributes : {},
  };
}

function unicast(families: unknown): unknown[] {
  return ["ipv4 unicast", "ipv6 unicast"].map((family) => member(families, family));
}

/** `{ "next hop": [ nlri, ... ], ... }` */
function announcedIn(byNextHop: unknown): AnnouncedPrefix[] {
  if (!isObject(byNextHop)) return [];
  return Object.entries(byNextHop).flatMap(([hop, list]) =>
    prefixesIn(list).map((prefix) => ({ prefix, nextHop: neighborOf(hop) ?? "" })),
  );
}

/** `{ "nlri": "192.0.2.0/24" }`, or the bare prefix where ExaBGP's `api.compact` is set. */
function prefixesIn(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap(
    (item: unknown) => prefixOf(isObject(item) ? member(item, "nlri") : item) ?? [],
  );
}
