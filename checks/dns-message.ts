/** Questions and answers of DNS: bytes to words and back. */
import { randomInt } from "node:crypto";
import type * as DnsPacketModule from "dns-packet";
import type { Answer } from "dns-packet";
import { canonicalName, textOf, type DnsRecord } from "./dns-records.ts";
import { FLAG_BITS, readFrame } from "./dns-frame.ts";

/** What passes every path unfragmented (DNS Flag Day 2020); a longer answer comes truncated, and is asked for by TCP. */
const UDP_PAYLOAD_BYTES = 1232;

export interface Question {
  readonly name: string;
  readonly record: DnsRecord;
  /** RD: whether the server may ask others. */
  readonly recursion: boolean;
}

export interface Reply {
  readonly rcode: string;
  readonly flags: number;
  /** The records of the type that was asked for, as `canonical` writes them. */
  readonly values: readonly string[];
}

type DnsPacket = typeof DnsPacketModule;
let loading: Promise<DnsPacket> | undefined;

/** Loads dns-packet: once, and only in a process that makes DNS checks. */
export function loadDnsPacket(): Promise<DnsPacket> {
  loading ??= import("dns-packet");
  return loading;
}

/** With a random id, and with AD, which asks to be told of validation (RFC 6840 section 5.7). */
export function encodeQuery({ encode }: DnsPacket, { name, record, recursion }: Question): Buffer {
  return encode({
    type: "query",
    id: randomInt(0x1_00_00),
    flags: FLAG_BITS.ad | (recursion ? FLAG_BITS.rd : 0),
    questions: [{ type: record, name }],
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: UDP_PAYLOAD_BYTES,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
}

/** @param message What `isAnswerTo` accepted. @returns Undefined if it is malformed, or has too much in it. */
export function readReply(
  { decode }: DnsPacket,
  message: Buffer,
  { name, record }: Question,
): Reply | undefined {
  const frame = readFrame(message);
  if (frame === undefined) return undefined;
  try {
    const { answers = [] } = decode(frame.answered);
    // It takes an address of three bytes for one of four, and then reads on in the wrong place.
    if (decode.bytes !== frame.answered.length) return undefined;
    const owners = withAliases(name, answers);
    const values = answers
      .filter((each) => each.type === record && owners.has(canonicalName(each.name)))
      .map(textOf)
      .filter((text) => text !== undefined);
    return { rcode: frame.rcode, flags: frame.flags, values };
  } catch {
    // It throws plain errors, and RangeErrors of Buffer.
    return undefined;
  }
}

/** `name`, and where its CNAMEs lead; servers write them in any order. */
function withAliases(name: string, answers: readonly Answer[]): ReadonlySet<string> {
  const names = new Set([canonicalName(name)]);
  // A set gives what is added to it while it is gone through: each name once, loops end.
  for (const owner of names) {
    for (const each of answers) {
      if (each.type === "CNAME" && canonicalName(each.name) === owner) {
        names.add(canonicalName(each.data));
      }
    }
  }
  return names;
}
