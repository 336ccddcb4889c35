/** Routes: right ones, and what only looks like one. */
import type { Route } from "exabgp-ts-bridge";
import fc from "fast-check";
import { nasty } from "./texts.ts";

const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 0xffff, 0x1_0000),
);
const octet = fc.integer({ min: 0, max: 255 });
const numbers = (...parts: readonly fc.Arbitrary<number | string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((values) => values.join(":"));
const list = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { maxLength: 4 });

const ATTRIBUTES = {
  origin: fc.constantFrom("igp", "egp", "incomplete"),
  asPath: list(fc.integer({ min: 1, max: 0xffff_ffff })),
  med: uint32,
  localPreference: uint32,
  communities: list(numbers(uint16, uint16)),
  largeCommunities: list(numbers(uint32, uint32, uint32)),
  extendedCommunities: list(
    fc.oneof(
      numbers(fc.constantFrom("target", "origin"), uint16, uint32),
      numbers(
        fc.constantFrom("target", "origin"),
        fc.integer({ min: 0x1_0000, max: 0xffff_ffff }),
        uint16,
      ),
      numbers(fc.constantFrom("target", "origin"), fc.ipV4(), uint16),
    ),
  ),
};

const prefix4 = fc
  .tuple(fc.integer({ min: 1, max: 223 }), octet, octet, fc.constantFrom(24, 32))
  .map(([a, b, c, length]) => `${a}.${b}.${c}.0/${length}`);
const prefix6 = fc
  .tuple(fc.integer({ min: 1, max: 0xffff }), fc.constantFrom(48, 64, 128))
  .map(([part, length]) => `2001:db8:${part.toString(16)}::/${length}`);
const address4 = fc.tuple(octet, octet).map(([a, b]) => `10.0.${a}.${b}`);
const address6 = octet.map((part) => `fd00::${part.toString(16)}:1`);

function routeOf(prefix: fc.Arbitrary<string>, address: fc.Arbitrary<string>): fc.Arbitrary<Route> {
  const nextHop = fc.oneof(fc.constant("self"), address);
  const neighbors = list(fc.oneof(address4, address6));
  return fc.record(
    { prefix, nextHop, ...ATTRIBUTES, neighbors },
    { requiredKeys: ["prefix", "nextHop"], noNullPrototype: true },
  );
}

/** Inside the grammar. */
export const goodRoute = fc.oneof(routeOf(prefix4, address4), routeOf(prefix6, address6));

const odd = fc.oneof(
  nasty,
  fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
  fc.constantFrom<unknown>(
    "self shutdown",
    "no-export",
    "64496:1 ] restart [",
    "1:1\n",
    -0,
    1.5,
    2 ** 32,
  ),
);

/** One or two values of a right one replaced, or anything at all. */
export const anyRoute: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: goodRoute },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        goodRoute,
        fc.array(
          fc.tuple(
            fc.constantFrom("prefix", "nextHop", "neighbors", ...Object.keys(ATTRIBUTES)),
            fc.oneof(odd, fc.array(odd, { maxLength: 3 })),
          ),
          { minLength: 1, maxLength: 2 },
        ),
      )
      .map(([route, changes]): unknown => ({ ...route, ...Object.fromEntries(changes) })),
  },
  { weight: 1, arbitrary: odd },
);
