/** Events of a process with `encoder text`. Listings start with `neighbor` too, so every form is matched whole. */
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from "./address.ts";
import type { Line, SessionState } from "./decode.ts";
import { printable } from "./printable.ts";

const SESSION = /^neighbor (\S{2,45}) (?:(up|connected)|(down) - (.*))$/;
const UPDATE =
  /^neighbor (\S{2,45}) (send|receive) update (announced|withdrawn) (\S{2,50})(?: next-hop (\S{2,45}))?(?: .*)?$/;
const NOTIFICATION =
  /^neighbor (\S{2,45}) (?:send|receive) notification code (\d{1,3}) subcode (\d{1,3}) /;
const OTHER = /^neighbor \S{2,45} (?:send|receive) (\S{1,40})(?: |$)/;
const SHUTDOWN = /^shutdown \d+ \d+$/;

/** @returns undefined when `text` is no event. */
export function decodeText(text: string): Line | undefined {
  if (SHUTDOWN.test(text)) return { kind: "shutdown" };
  if (!text.startsWith("neighbor ")) return undefined;
  return session(text) ?? update(text) ?? notification(text) ?? other(text);
}

/** An address from a stranger in its canonical text. */
export function neighborOf(text: unknown): string | undefined {
  const address = typeof text === "string" ? parseAddress(text) : undefined;
  return address && formatAddress(address);
}

/** A prefix from a stranger in its canonical text. */
export function prefixOf(text: unknown): string | undefined {
  const prefix = typeof text === "string" ? parsePrefix(text) : undefined;
  return prefix && formatPrefix(prefix);
}

/** Whether a stranger's `word` is one of the states. */
export function isSessionState(word: unknown): word is SessionState {
  return word === "up" || word === "down" || word === "connected";
}

function session(text: string): Line | undefined {
  const [, address, rising, falling, reason = ""] = SESSION.exec(text) ?? [];
  const neighbor = neighborOf(address);
  const state = rising ?? falling;
  if (neighbor === undefined || !isSessionState(state)) return undefined;
  return { kind: "session", neighbor, state, reason: printable(reason) };
}

function update(text: string): Line | undefined {
  const [, address, direction, change, network, hop] = UPDATE.exec(text) ?? [];
  const neighbor = neighborOf(address);
  const prefix = prefixOf(network);
  if (neighbor === undefined || prefix === undefined) return undefined;
  const announced = change === "announced" ? [{ prefix, nextHop: neighborOf(hop) ?? "" }] : [];
  const withdrawn = change === "withdrawn" ? [prefix] : [];
  const way = direction === "send" ? "send" : "receive";
  return { kind: "update", neighbor, direction: way, announced, withdrawn, attributes: {} };
}

function notification(text: string): Line | undefined {
  const [, address, code, subcode] = NOTIFICATION.exec(text) ?? [];
  const neighbor = neighborOf(address);
  if (neighbor === undefined) return undefined;
  return { kind: "notification", neighbor, code: Number(code), subcode: Number(subcode) };
}

function other(text: string): Line | undefined {
  const type = OTHER.exec(text)?.[1];
  return type === undefined ? undefined : { kind: "event", type: printable(type) };
}
