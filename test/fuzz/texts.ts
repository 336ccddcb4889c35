/** Texts that somebody might write who means no good, or whose disk has gone bad. */
import fc from "fast-check";

/** What parsers have stumbled over. */
export const NASTY = [
  "\0",
  "\n",
  "\r\n",
  "\t",
  " ",
  "\u001b[2J",
  "\u007f",
  "\u009b2J",
  "\u2028",
  "\u202e",
  "\ufeff",
  "\ud800",
  "\udfff",
  "\u{e0001}",
  "\u{1f4a9}",
  "é",
  "１",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "true",
  "NaN",
  "Infinity",
  "-0",
  "-1",
  "0x10",
  "1e999",
  "9007199254740993",
  "4294967296",
  "9".repeat(400),
  "a".repeat(5000),
  "../../etc/passwd",
  "shutdown",
  "restart",
  "announce route 0.0.0.0/0 next-hop self",
  "\nannounce route 0.0.0.0/0 next-hop self\n",
] as const;

export const nasty: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: "binary", maxLength: 20 }),
);

/** Words of a grammar in any order, with what does not belong there in between. */
export function babble(words: readonly string[], maxLength = 40): fc.Arbitrary<string> {
  const word = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: nasty },
  );
  return fc.array(word, { maxLength, size: "max" }).map((parts) => parts.join(""));
}

/** A text with a few places replaced: most are still nearly right. */
export function mutated(
  texts: fc.Arbitrary<string>,
  pieces: fc.Arbitrary<string> = nasty,
): fc.Arbitrary<string> {
  const edit = fc.record({ at: fc.nat(0xffff), length: fc.nat(12), piece: pieces });
  return fc.tuple(texts, fc.array(edit, { maxLength: 3 })).map(([text, edits]) => {
    let edited = text;
    for (const { at, length, piece } of edits) {
      const start = at % (edited.length + 1);
      edited = edited.slice(0, start) + piece + edited.slice(start + length);
    }
    return edited;
  });
}

/** As bytes: UTF-8, and what is none. */
export function bytesOf(texts: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const broken = fc.record({ at: fc.nat(0xffff), byte: fc.nat(255) });
  return fc
    .tuple(texts, fc.array(broken, { maxLength: 2 }), fc.boolean())
    .map(([text, breaks, isWhole]) => {
      const bytes = Buffer.from(text);
      if (isWhole || bytes.length === 0) return bytes;
      for (const { at, byte } of breaks) bytes[at % bytes.length] = byte;
      return bytes;
    });
}

/** JSON of values by known keys, some of another type, some of them hostile; and sometimes none at all. */
export function jsonOf(
  fields: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<string> {
  const odd = fc.oneof(
    nasty,
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(0, -1, 1e308, 2 ** 53, "", [], {}, [[]], null, false),
  );
  const entries = Object.entries(fields).map(
    ([key, value]) =>
      [key, fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: odd })] as const,
  );
  const right = fc.record(Object.fromEntries(entries), { requiredKeys: [], noNullPrototype: true });
  const more = fc.dictionary(fc.oneof(nasty, fc.constantFrom(...Object.keys(fields))), odd, {
    maxKeys: 2,
  });
  return fc
    .tuple(
      right,
      fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more }),
    )
    .map(([known, unknown]) => JSON.stringify({ ...known, ...unknown }));
}

/** `{"__proto__": …}` and the like, deep nests, equal keys: what no generator of values makes. */
export const oddJson: fc.Arbitrary<string> = fc.constantFrom(
  "",
  "null",
  "[]",
  "{",
  '"x"',
  "0",
  "[".repeat(20_000),
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  '{"a":'.repeat(5000),
  '{"__proto__":{"undrain":true,"owned":[]}}',
  '{"constructor":{"prototype":{"undrain":true}}}',
  '{"undrain":true,"undrain":false}',
  '\ufeff{"undrain":true}',
  '{"undrain":true}\0',
);
