/** Values of the D-Bus wire format ("Marshaling" in the D-Bus Specification): all types are read, text is written. */

/** Lists, structures and dictionary entries are arrays; a variant is what it holds. */
export type Value = string | number | bigint | boolean | readonly Value[];

/** What is no D-Bus, or more of it than anybody sends in earnest. */
export class DbusFormatError extends Error {}

/** systemd nests three deep; the specification allows 64. */
const DEPTH_MAX = 16;

/** Bytes to which a value of this type is aligned. */
const ALIGNMENTS: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  v: 1,
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  s: 4,
  o: 4,
  a: 4,
  h: 4,
  x: 8,
  t: 8,
  d: 8,
  "(": 8,
  "{": 8,
};

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "{": "}" };

/** Reads values from `bytes`, whose first byte is aligned to 8. Throws DbusFormatError, or RangeError beyond the end. */
export class ValueReader {
  readonly #bytes: Buffer;
  readonly #isLittle: boolean;
  #at = 0;

  constructor(bytes: Buffer, isLittle: boolean) {
    this.#bytes = bytes;
    this.#isLittle = isLittle;
  }

  /** One value for each complete type of `signature`. */
  readAll(signature: string): Value[] {
    const values: Value[] = [];
    for (let at = 0; at < signature.length;) {
      const end = endOfType(signature, at);
      values.push(this.#read(signature.slice(at, end), 0));
      at = end;
    }
    return values;
  }

  #read(type: string, depth: number): Value {
    if (depth > DEPTH_MAX) throw new DbusFormatError("values are nested too deep");
    const code = type[0] ?? "";
    this.#align(ALIGNMENTS[code] ?? 1);
    switch (code) {
      case "s":
      case "o":
        return this.#text(this.#uint32());
      case "g":
        return this.#text(this.#bytes.readUInt8(this.#advance(1)));
      case "v":
        return this.#variant(depth);
      case "a":
        return this.#list(type.slice(1), depth);
      case "(":
      case "{":
        return this.#structure(type.slice(1, -1), depth);
      default:
        return this.#number(code);
    }
  }

  #number(code: string): Value {
    const [bytes, isLittle] = [this.#bytes, this.#isLittle];
    switch (code) {
      case "y":
        return bytes.readUInt8(this.#advance(1));
      case "n":
        return isLittle ? bytes.readInt16LE(this.#advance(2)) : bytes.readInt16BE(this.#advance(2));
      case "q":
        return isLittle
          ? bytes.readUInt16LE(this.#advance(2))
          : bytes.readUInt16BE(this.#advance(2));
      case "b":
        return this.#uint32() !== 0;
      case "i":
        return isLittle ? bytes.readInt32LE(this.#advance(4)) : bytes.readInt32BE(this.#advance(4));
      case "u":
      case "h":
        return this.#uint32();
      case "x":
        return isLittle
          ? bytes.readBigInt64LE(this.#advance(8))
          : bytes.readBigInt64BE(this.#advance(8));
      case "t":
        return isLittle
          ? bytes.readBigUInt64LE(this.#advance(8))
          : bytes.readBigUInt64BE(this.#advance(8));
      case "d":
        return isLittle
          ? bytes.readDoubleLE(this.#advance(8))
          : bytes.readDoubleBE(this.#advance(8));
      default:
        throw new DbusFormatError(`no type ${JSON.stringify(code)}`);
    }
  }

  #variant(depth: number): Value {
    const signature = this.#text(this.#bytes.readUInt8(this.#advance(1)));
    if (signature === "" || endOfType(signature, 0) !== signature.length) {
      throw new DbusFormatError("a variant holds one value");
    }
    return this.#read(signature, depth + 1);
  }

  #list(type: string, depth: number): Value[] {
    const length = this.#uint32();
    this.#align(ALIGNMENTS[type[0] ?? ""] ?? 1);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DbusFormatError("a list is longer than its message");
    const values: Value[] = [];
    while (this.#at < end) values.push(this.#read(type, depth + 1));
    if (this.#at !== end) throw new DbusFormatError("a list ends within a value");
    return values;
  }

  #structure(types: string, depth: number): Value[] {
    const values: Value[] = [];
    for (let at = 0; at < types.length;) {
      const end = endOfType(types, at);
      values.push(this.#read(types.slice(at, end), depth + 1));
      at = end;
    }
    return values;
  }

  #text(length: number): string {
    const start = this.#advance(length + 1);
    if (start + length + 1 > this.#bytes.length) throw new DbusFormatError("a text has no end");
    return this.#bytes.toString("utf8", start, start + length);
  }

  #uint32(): number {
    const at = this.#advance(4);
    return this.#isLittle ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }

  #align(to: number): void {
    this.#at = Math.ceil(this.#at / to) * to;
  }

  /** @returns Where the reader was. */
  #advance(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}

/** Where the complete type ends that begins at `at`. */
function endOfType(signature: string, at: number, depth = 0): number {
  const code = signature[at];
  if (code === undefined || !Object.hasOwn(ALIGNMENTS, code) || depth > DEPTH_MAX) {
    throw new DbusFormatError(`not a signature: ${JSON.stringify(signature)}`);
  }
  if (code === "a") return endOfType(signature, at + 1, depth + 1);
  const closing = CLOSING[code];
  if (closing === undefined) return at + 1;
  let end = at + 1;
  do end = endOfType(signature, end, depth + 1);
  while (signature[end] !== closing);
  return end + 1;
}

/** Text as type `s` or `o`; what is before it must end at a multiple of 4. */
export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  const encoded = Buffer.alloc(4 + bytes.length + 1);
  encoded.writeUInt32LE(bytes.length);
  bytes.copy(encoded, 4);
  return encoded;
}

/** `bytes` with zeros up to a multiple of `to`. */
export function padTo(to: number, bytes: Buffer): Buffer {
  const missing = (to - (bytes.length % to)) % to;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
