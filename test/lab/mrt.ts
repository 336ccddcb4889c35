/** BGP messages as they came over the wire: BIRD writes every one that it receives into an MRT file (RFC 6396). */

/** One route in one UPDATE (RFC 4271 section 4.3, RFC 4760). */
export interface WireUpdate {
  /** The address of the PoP's side of the session. */
  readonly peer: string;
  /** Counts UPDATE messages of this file, End-of-RIB markers left out. */
  readonly message: number;
  readonly kind: "announced" | "withdrawn";
  readonly prefix: string;
  /** Values in hex by type code, MP_REACH_NLRI and MP_UNREACH_NLRI left out; empty when withdrawn. */
  readonly attributes: ReadonlyMap<number, string>;
}

const BGP4MP = 16;
const BGP4MP_ET = 17;
const MESSAGE = 1;
const MESSAGE_AS4 = 4;
const UPDATE = 2;
const BGP_HEADER_BYTES = 19;
const MP_REACH_NLRI = 14;
const MP_UNREACH_NLRI = 15;

/** Reads a whole MRT file; a last record that is cut short is left out. */
export function parseMrt(file: Buffer): WireUpdate[] {
  const updates: WireUpdate[] = [];
  let messages = 0;
  for (let at = 0; at + 12 <= file.length;) {
    const [type, subtype] = [file.readUInt16BE(at + 4), file.readUInt16BE(at + 6)];
    const end = at + 12 + file.readUInt32BE(at + 8);
    if (end > file.length) break;
    const body = file.subarray(at + 12 + (type === BGP4MP_ET ? 4 : 0), end);
    at = end;
    if ((type !== BGP4MP && type !== BGP4MP_ET) || ![MESSAGE, MESSAGE_AS4].includes(subtype)) {
      continue;
    }
    const { peer, message } = envelopeOf(body, subtype === MESSAGE_AS4 ? 4 : 2);
    if (message[BGP_HEADER_BYTES - 1] !== UPDATE) continue;
    const routes = parseUpdate(message.subarray(BGP_HEADER_BYTES));
    if (routes.length === 0) continue;
    messages += 1;
    updates.push(...routes.map((route) => ({ peer, message: messages, ...route })));
  }
  return updates;
}

function envelopeOf(body: Buffer, asBytes: number): { peer: string; message: Buffer } {
  const afiAt = 2 * asBytes + 2;
  const bytes = body.readUInt16BE(afiAt) === 1 ? 4 : 16;
  const peerAt = afiAt + 2;
  const peer = addressText(body.subarray(peerAt, peerAt + bytes));
  return { peer, message: body.subarray(peerAt + 2 * bytes) };
}

type Route = Omit<WireUpdate, "peer" | "message">;

function parseUpdate(update: Buffer): Route[] {
  const withdrawnBytes = update.readUInt16BE(0);
  const attributesAt = 2 + withdrawnBytes + 2;
  const attributesEnd = attributesAt + update.readUInt16BE(2 + withdrawnBytes);
  const attributes = new Map<number, string>();
  const withdrawn = prefixesIn(update.subarray(2, 2 + withdrawnBytes), 4);
  const announced = prefixesIn(update.subarray(attributesEnd), 4);
  for (let at = attributesAt; at < attributesEnd;) {
    const isLong = ((update[at] ?? 0) & 0x10) !== 0;
    const code = update[at + 1] ?? 0;
    const valueAt = at + (isLong ? 4 : 3);
    const bytes = isLong ? update.readUInt16BE(at + 2) : (update[at + 2] ?? 0);
    const value = update.subarray(valueAt, valueAt + bytes);
    at = valueAt + bytes;
    if (code === MP_UNREACH_NLRI) withdrawn.push(...prefixesIn(value.subarray(3), 16));
    // Behind family, next hop and one reserved octet.
    else if (code === MP_REACH_NLRI) {
      announced.push(...prefixesIn(value.subarray(5 + (value[3] ?? 0)), 16));
    } else attributes.set(code, value.toString("hex"));
  }
  const none: ReadonlyMap<number, string> = new Map();
  return [
    ...withdrawn.map((prefix): Route => ({ kind: "withdrawn", prefix, attributes: none })),
    ...announced.map((prefix): Route => ({ kind: "announced", prefix, attributes })),
  ];
}

function prefixesIn(list: Buffer, addressBytes: 4 | 16): string[] {
  const prefixes: string[] = [];
  for (let at = 0; at < list.length;) {
    const length = list[at] ?? 0;
    const bytes = Math.ceil(length / 8);
    const address = Buffer.alloc(addressBytes);
    list.copy(address, 0, at + 1, at + 1 + bytes);
    prefixes.push(`${addressText(address)}/${length}`);
    at += 1 + bytes;
  }
  return prefixes;
}

function addressText(address: Buffer): string {
  if (address.length === 4) return [...address].join(".");
  const groups = address.toString("hex").match(/.{4}/g) ?? [];
  // A URL holds the canonical text of an IPv6 address (RFC 5952).
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
