/** The outside of a DNS message (RFC 1035 section 4.1): what must be known before anything in it is believed. */
import { nameEnd, nameSteps } from "./dns-names.ts";

/** A health name has few records; decoding more would hold up the event loop. */
const ANSWERS_MAX = 128;

/** All sections together; these are only stepped over. */
const RECORDS_MAX = 1024;

/**
 * Labels and pointers in the names of all answers: about 1 ms. 128 answers need a tenth of it; with rows of pointers
 * 6 KB can be made to cost fifty times as much.
 */
const STEPS_MAX = 10_000;

/** Record types with names in their data, and where the names begin. The second name of SOA follows the first. */
const NAMES_AT: Readonly<Record<number, number>> = { 2: 0, 5: 0, 6: 0, 12: 0, 15: 2, 33: 6 };
const SOA = 6;

/** A, TXT, AAAA and CAA have none. */
const NAMELESS: ReadonlySet<number> = new Set([1, 16, 28, 257]);

/** A type that nobody knows (RFC 6895 section 3.1, private use): its data are only stepped over. */
const UNKNOWN_TYPE = 65_280;

const HEADER_BYTES = 12;
const OPT = 41;
const RCODE_NAMES = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
] as const;

/** The rcodes that a check may expect (RFC 6895 section 2.3). */
export const RCODES = RCODE_NAMES;

/** Bits of the flags. */
export const FLAG_BITS = { aa: 0x04_00, tc: 0x02_00, rd: 0x01_00, ra: 0x00_80, ad: 0x00_20 };

export interface Frame {
  /** All 16 bits. */
  readonly flags: number;
  /** A name, or `RCODE16` and so on for numbers without one. */
  readonly rcode: string;
  /** A copy that ends with the answer section, in which only the types that a check can ask for are known. */
  readonly answered: Buffer;
}

/**
 * Whether `message` answers `query`: same id, same question (RFC 5452 section 9.1). A server that could not read the
 * question may leave it out.
 */
export function isAnswerTo(message: Buffer, query: Buffer): boolean {
  if (message.length < HEADER_BYTES) return false;
  const flags = message.readUInt16BE(2);
  const isResponse = (flags & 0x80_00) !== 0 && (flags & 0x78_00) === 0;
  if (!isResponse || message.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  const questions = message.readUInt16BE(4);
  if (questions === 0) return (flags & 0xf) !== 0 && message.readUInt16BE(6) === 0;
  const end = nameEnd(query, HEADER_BYTES);
  if (questions !== 1 || end === undefined) return false;
  return questionAt(message, end + 4) === questionAt(query, end + 4);
}

/** In lower case: a server may answer in the letters of its zone (RFC 4343). */
function questionAt(message: Buffer, end: number): string {
  return message.toString("latin1", HEADER_BYTES, end).toLowerCase();
}

/** What is cut off may be cut anywhere: such a message has only a header. */
export function isTruncated(message: Buffer): boolean {
  return (message.readUInt16BE(2) & FLAG_BITS.tc) !== 0;
}

/** @param message What `isAnswerTo` accepted. @returns Undefined if it is malformed, or has too much in it. */
export function readFrame(message: Buffer): Frame | undefined {
  const flags = message.readUInt16BE(2);
  const [questions = 0, answers = 0, authorities = 0, additionals = 0] = [4, 6, 8, 10].map((at) =>
    message.readUInt16BE(at),
  );
  const records = answers + authorities + additionals;
  if (answers > ANSWERS_MAX || records > RECORDS_MAX) return undefined;
  const copy = Buffer.from(message);
  let offset = HEADER_BYTES;
  for (let question = 0; question < questions; question += 1) {
    const end = nameEnd(message, offset);
    if (end === undefined) return undefined;
    offset = end + 4;
  }
  let answersEnd = offset;
  let extendedRcode = 0;
  let stepsLeft = STEPS_MAX;
  for (let record = 0; record < records; record += 1) {
    const end = nameEnd(message, offset);
    if (end === undefined || end + 10 > message.length) return undefined;
    const type = message.readUInt16BE(end);
    const next = end + 10 + message.readUInt16BE(end + 8);
    if (next > message.length) return undefined;
    if (record < answers) {
      answersEnd = next;
      if (!(type in NAMES_AT) && !NAMELESS.has(type)) copy.writeUInt16BE(UNKNOWN_TYPE, end);
      for (const at of [offset, ...namesInData(message, type, end + 10)]) {
        stepsLeft -= nameSteps(message, at, stepsLeft);
        if (stepsLeft <= 0) return undefined;
      }
    } else if (type === OPT) {
      // RFC 6891 section 6.1.3: the first byte of the TTL holds the upper bits.
      extendedRcode = message.readUInt8(end + 4);
    }
    offset = next;
  }
  // No authorities, no additionals: what is not looked at can do nothing.
  copy.writeUInt32BE(0, 8);
  const rcode = rcodeName((extendedRcode << 4) | (flags & 0xf));
  return { flags, rcode, answered: copy.subarray(0, answersEnd) };
}

function namesInData(message: Buffer, type: number, data: number): number[] {
  const at = NAMES_AT[type];
  if (at === undefined) return [];
  const second = type === SOA ? nameEnd(message, data) : undefined;
  return second === undefined ? [data + at] : [data + at, second];
}

function rcodeName(rcode: number): string {
  return RCODE_NAMES[rcode] ?? `RCODE${rcode}`;
}
