/** Messages of D-Bus ("Message Format" in the D-Bus Specification). */
import { DbusFormatError, encodeText, padTo, ValueReader, type Value } from "./dbus-values.ts";

/** A call whose arguments are all text. */
export interface Call {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

export interface Message {
  readonly type: number;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** The name of an error. */
  readonly error: string;
  /** Of the call that this is the answer to; 0: none. */
  readonly replySerial: number;
  /** The unique name of who sent it, which the bus fills in. */
  readonly sender: string;
  readonly body: readonly Value[];
}

export const METHOD_RETURN = 2;
export const ERROR = 3;
export const SIGNAL = 4;

const METHOD_CALL = 1;
const VERSION = 1;

/** Who is asked need not be started for it. */
const NO_AUTO_START = 2;

const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  error: 4,
  replySerial: 5,
  destination: 6,
  sender: 7,
  signature: 8,
} as const;

/** What of a message has a fixed place: its type, the lengths, and its serial. */
const FIXED_BYTES = 16;

/** What systemd answers and tells here has some KiB; the specification allows 128 MiB. */
const MESSAGE_MAX_BYTES = 64 * 1024;

/** @param serial Not 0. */
export function encodeCall(
  { path, member, destination, args, ...call }: Call,
  serial: number,
): Buffer {
  let body = Buffer.alloc(0);
  for (const arg of args) body = Buffer.concat([padTo(4, body), encodeText(arg)]);
  const signature = "s".repeat(args.length);
  const fields = [
    textField(FIELD.path, "o", path),
    textField(FIELD.interface, "s", call.interface),
    textField(FIELD.member, "s", member),
    textField(FIELD.destination, "s", destination),
    ...(signature === "" ? [] : [signatureField(signature)]),
  ];
  // Each field begins at a multiple of 8; the length is without the padding behind the last one.
  const array = fields.reduce((all, field) => Buffer.concat([padTo(8, all), field]));
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.write("l");
  fixed.writeUInt8(METHOD_CALL, 1);
  fixed.writeUInt8(NO_AUTO_START, 2);
  fixed.writeUInt8(VERSION, 3);
  fixed.writeUInt32LE(body.length, 4);
  fixed.writeUInt32LE(serial, 8);
  fixed.writeUInt32LE(array.length, 12);
  return Buffer.concat([fixed, padTo(8, array), body]);
}

function textField(code: number, type: "o" | "s", text: string): Buffer {
  return Buffer.concat([Buffer.from([code, 1, type.charCodeAt(0), 0]), encodeText(text)]);
}

function signatureField(signature: string): Buffer {
  const bytes = Buffer.from(signature, "latin1");
  return Buffer.concat([
    Buffer.from([FIELD.signature, 1, "g".charCodeAt(0), 0, bytes.length]),
    bytes,
    Buffer.from([0]),
  ]);
}

/**
 * How long the message is that begins `bytes`; undefined: that is not known yet.
 *
 * @throws {DbusFormatError} If it is none, or longer than `MESSAGE_MAX_BYTES`.
 */
export function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  const isLittle = isLittleEndian(bytes);
  if (bytes[3] !== VERSION) throw new DbusFormatError(`no D-Bus version ${bytes[3]}`);
  const [body, fields] = [4, 12].map((at) =>
    isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at),
  );
  const length = FIXED_BYTES + Math.ceil((fields ?? 0) / 8) * 8 + (body ?? 0);
  if (length > MESSAGE_MAX_BYTES) throw new DbusFormatError(`a message of ${length} bytes`);
  return length;
}

/**
 * @param bytes One message.
 * @throws {DbusFormatError | RangeError} If it is none.
 */
export function decodeMessage(bytes: Buffer): Message {
  const isLittle = isLittleEndian(bytes);
  const fieldsLength = isLittle ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12);
  // From its length on the list of fields is a value like any other.
  const [list] = new ValueReader(bytes.subarray(8, FIXED_BYTES + fieldsLength), isLittle)
    .readAll("ua(yv)")
    .slice(1);
  const fields = new Map<Value | undefined, Value | undefined>();
  for (const field of asList(list)) {
    const [code, value] = asList(field);
    fields.set(code, value);
  }
  const text = (code: number): string => asText(fields.get(code));
  const serial = fields.get(FIELD.replySerial);
  const body = bytes.subarray(FIXED_BYTES + Math.ceil(fieldsLength / 8) * 8);
  return {
    type: bytes[1] ?? 0,
    path: text(FIELD.path),
    interface: text(FIELD.interface),
    member: text(FIELD.member),
    error: text(FIELD.error),
    replySerial: typeof serial === "number" ? serial : 0,
    sender: text(FIELD.sender),
    body: new ValueReader(body, isLittle).readAll(text(FIELD.signature)),
  };
}

function isLittleEndian(bytes: Buffer): boolean {
  const order = String.fromCharCode(bytes[0] ?? 0);
  if (order !== "l" && order !== "B") throw new DbusFormatError("not a message of D-Bus");
  return order === "l";
}

/** Empty if it is none: whoever asks has a signature in mind that the other end may not have. */
export function asText(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

/** See `asText`. */
export function asList(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : [];
}
