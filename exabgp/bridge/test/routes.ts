/** Arbitrary routes: right ones, and objects that only look like routes. */
import fc from "fast-check";
import { formatPrefix, isMulticast, parseAddress } from "../src/address.ts";
import type { Route } from "../src/index.ts";

const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 0xffff, 0x1_0000, 0xffff_ffff),
);

function unicast(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && !isMulticast(address) && address.bits !== 0n;
}

function prefixFrom(text: string, length: number): string {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`Cannot make prefix of ${text}`);
  const width = address.family === 4 ? 32 : 128;
  const host = BigInt(width - Math.min(length, width));
  return formatPrefix({
    ...address,
    bits: (address.bits >> host) << host,
    length: Math.min(length, width),
  });
}

const prefix4 = fc
  .tuple(fc.ipV4().filter(unicast), fc.integer({ min: 8, max: 32 }))
  .map(([ip, length]) => prefixFrom(ip, length));
const prefix6 = fc
  .tuple(fc.ipV6().filter(unicast), fc.integer({ min: 8, max: 128 }))
  .map(([ip, length]) => prefixFrom(ip, length));

const kind = fc.constantFrom("target", "origin");
const extended = fc.oneof(
  fc.tuple(kind, uint16, uint32).map((parts) => parts.join(":")),
  fc
    .tuple(kind, fc.integer({ min: 0x1_0000, max: 0xffff_ffff }), uint16)
    .map((parts) => parts.join(":")),
  fc.tuple(kind, fc.ipV4(), uint16).map((parts) => parts.join(":")),
);

const attributes = {
  origin: fc.constantFrom("igp", "egp", "incomplete"),
  asPath: fc.array(
    uint32.filter((asn) => asn > 0),
    { maxLength: 255 },
  ),
  med: uint32,
  localPreference: uint32,
  communities: fc.array(
    fc.tuple(uint16, uint16).map((parts) => parts.join(":")),
    { maxLength: 128 },
  ),
  largeCommunities: fc.array(
    fc.tuple(uint32, uint32, uint32).map((parts) => parts.join(":")),
    { maxLength: 64 },
  ),
  extendedCommunities: fc.array(extended, { maxLength: 64 }),
};

const neighbors = fc.array(fc.oneof(fc.ipV4(), fc.ipV6()).filter(unicast), { maxLength: 64 });

function family(prefix: fc.Arbitrary<string>, address: fc.Arbitrary<string>): fc.Arbitrary<Route> {
  const nextHop = fc.oneof(fc.constant("self"), address.filter(unicast));
  return fc.record(
    { prefix, nextHop, ...attributes, neighbors },
    { requiredKeys: ["prefix", "nextHop"] },
  );
}

/** Routes inside the grammar. */
export const goodRoute: fc.Arbitrary<Route> = fc.oneof(
  family(prefix4, fc.ipV4()),
  family(prefix6, fc.ipV6()),
);

/** What somebody might smuggle in. */
const hostile = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "shutdown",
    "self shutdown",
    "64496:1 ] restart [",
    "graceful-shutdown",
    "no-export",
    "self\nannounce route 0.0.0.0/0 next-hop self",
    "192.0.2.0/24 next-hop self med 1 #",
    "1\u0000",
    "１",
    "0x0",
    -0,
    Number.NaN,
    1.5,
    2 ** 32,
    "65536:1",
    "1:2:3:4",
  ),
);

/** Values that leave some route right: the edge must be crossed both ways. */
const harmless = fc.constantFrom<unknown>(7, [], ["1:1"], "self", undefined);

/** A good route with one or two values replaced or added: the edge of the grammar. */
export const mutatedRoute: fc.Arbitrary<unknown> = fc
  .tuple(
    goodRoute,
    fc.array(
      fc.tuple(
        fc.oneof(
          {
            weight: 9,
            arbitrary: fc.constantFrom(
              "prefix",
              "nextHop",
              "neighbors",
              ...Object.keys(attributes),
            ),
          },
          { weight: 1, arbitrary: fc.string() },
        ),
        fc.oneof(hostile, harmless, fc.array(hostile, { maxLength: 3 })),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  )
  .map(([route, changes]) => ({ ...route, ...Object.fromEntries(changes) }));

/** Anything at all. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  hostile,
  fc.dictionary(fc.string(), hostile),
  mutatedRoute,
);
