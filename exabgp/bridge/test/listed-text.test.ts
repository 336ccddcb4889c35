/** Lines as real ExaBGPs write them for what `encode.ts` writes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dialect, Route } from "../src/index.ts";
import { isListedText, ListedTextReader } from "../src/listed-text.ts";

const HEAD =
  "neighbor 198.51.100.1 local-ip 198.51.100.2 local-as 64496 peer-as 64515 router-id 198.51.100.2 family-allowed in-open";
const A: Route = { prefix: "192.0.2.0/24", nextHop: "self" };

const BOTH: readonly Dialect[] = [4, 5];

/** `shown` is what stands behind the family; `dialects` are those that write it so. */
const cases: { shown: string; route: Route | undefined; dialects?: readonly Dialect[] }[] = [
  { shown: "192.0.2.0/24 next-hop self", route: A },
  { shown: "192.0.2.0/24 next-hop 192.0.2.9", route: { ...A, nextHop: "192.0.2.9" } },
  { shown: "192.0.2.0/24 next-hop self origin igp", route: { ...A, origin: "igp" } },
  {
    shown: "192.0.2.0/24 next-hop self origin incomplete med 0 local-preference 4294967295",
    route: { ...A, origin: "incomplete", med: 0, localPreference: 4_294_967_295 },
  },
  {
    shown: "192.0.2.0/24 next-hop self as-path [ 64496 4200000000 ]",
    route: { ...A, asPath: [64_496, 4_200_000_000] },
    dialects: [4],
  },
  {
    shown: "192.0.2.0/24 next-hop self as-path ( 64496 )",
    route: { ...A, asPath: [64_496] },
    dialects: [5],
  },
  // Sets of ASs.
  {
    shown: "192.0.2.0/24 next-hop self as-path [ 64496 ]",
    route: undefined,
    dialects: [5],
  },
  {
    shown: "192.0.2.0/24 next-hop self as-path [ 64496 ( 1 2 ) ]",
    route: undefined,
    dialects: [4],
  },
  { shown: "192.0.2.0/24 next-hop self as-path [ ]", route: undefined },
  {
    shown: "192.0.2.0/24 next-hop self community 65535:0",
    route: { ...A, communities: ["65535:0"] },
  },
  {
    shown:
      "192.0.2.0/24 next-hop self community [ 0:0 64496:1 blackhole no-export no-advertise no-export-subconfed no-peer ]",
    route: {
      ...A,
      communities: ["0:0", "64496:1", ...[65_281, 65_282, 65_283, 65_284, 666].map(wellKnown)],
    },
  },
  {
    shown: "192.0.2.0/24 next-hop self large-community [ 1:2:3 4294967295:1:2 ]",
    route: { ...A, largeCommunities: ["1:2:3", "4294967295:1:2"] },
  },
  { shown: "192.0.2.0/24 next-hop self large-community 1:2:3", route: large("1:2:3") },
  { shown: extended("target:64496:4294967295"), route: withExtended("target:64496:4294967295") },
  { shown: extended("origin:64496:0.0.0.7"), route: withExtended("origin:64496:7") },
  { shown: extended("origin:64496:1.2.3.4"), route: withExtended("origin:64496:16909060") },
  { shown: extended("target:4200000000L:7"), route: withExtended("target:4200000000:7") },
  { shown: extended("target:4200000000:7"), route: withExtended("target:4200000000:7") },
  { shown: extended("origin:4200000000L:7"), route: withExtended("origin:4200000000:7") },
  { shown: extended("target:192.0.2.1:7"), route: withExtended("target:192.0.2.1:7") },
  // Listed as `origin:7:3221225985` would be.
  { shown: extended("origin:7:192.0.2.1"), route: withExtended("origin:7:3221225985") },
  {
    shown: extended("[ target:64496:7 origin:7:192.0.2.1 target:4200000000L:7 ]"),
    route: withExtended("origin:7:3221225985", "target:4200000000:7", "target:64496:7"),
  },
  // Four octets for an AS that has room in two, an unknown type, too many parts.
  { shown: extended("target:64496L:7"), route: undefined },
  { shown: extended("0x4000000000000007"), route: undefined },
  { shown: extended("target:1:2:3"), route: undefined },
  { shown: "192.0.2.0/24 path-information 0.0.0.1 next-hop self", route: undefined },
  { shown: "192.0.2.0/24 next-hop self atomic-aggregate", route: undefined },
  { shown: "192.0.2.0/24 next-hop self med 1 med 2", route: undefined },
  { shown: "192.0.2.0/24 next-hop self med", route: undefined },
  { shown: "192.0.2.0/24 next-hop self med 0x1", route: undefined },
  { shown: "192.0.2.0/24 next-hop self community [ 1:1", route: undefined },
  { shown: "192.0.2.0/24 next-hop self attribute [ 0x1D 0xC0 0x00 ]", route: undefined },
  { shown: "192.0.2.0/24", route: undefined },
];

function wellKnown(low: number): string {
  return `65535:${low}`;
}

function large(...largeCommunities: readonly string[]): Route {
  return { ...A, largeCommunities };
}

function extended(shown: string): string {
  return `192.0.2.0/24 next-hop self extended-community ${shown}`;
}

function withExtended(...extendedCommunities: readonly string[]): Route {
  return { ...A, extendedCommunities };
}

for (const { shown, route, dialects = BOTH } of cases) {
  for (const dialect of dialects) {
    test(`reads on ${dialect}: ${shown}`, () => {
      const reader = new ListedTextReader(dialect);
      const text = `${HEAD} ipv4 unicast ${shown}`;
      assert.ok(isListedText(text));
      const sides = { neighbor: "198.51.100.1", localAddress: "198.51.100.2" };
      const expected = [{ ...sides, prefix: "192.0.2.0/24", route }];
      assert.deepEqual(reader.read(text), expected);
      // From what it remembers.
      assert.deepEqual(reader.read(text), expected);
      const other = reader.read(text.replace(" 192.0.2.0/24", " 192.0.3.0/24"));
      assert.equal(other?.[0]?.prefix, "192.0.3.0/24");
      assert.equal(other?.[0]?.route?.prefix, route && "192.0.3.0/24");
    });
  }
}

test("IPv6, addresses in other forms, and an address that is not known yet", () => {
  const reader = new ListedTextReader(4);
  const head = HEAD.replace("198.51.100.1", "2001:DB8:0::1").replace("198.51.100.2", "auto");
  assert.deepEqual(
    reader.read(`${head} ipv6 unicast ::ffff:10.0.0.0/104 next-hop ::ffff:1.2.3.4 med 1`),
    [
      {
        neighbor: "2001:db8::1",
        localAddress: undefined,
        prefix: "::ffff:a00:0/104",
        route: { prefix: "::ffff:a00:0/104", nextHop: "::ffff:102:304", med: 1 },
      },
    ],
  );
});

test("other families are left out, and what cannot be read is no route", () => {
  const reader = new ListedTextReader(4);
  for (const shown of [
    "ipv4 flow flow destination-ipv4 192.0.2.0/24",
    "ipv4 multicast 224.0.0.0/8 next-hop self",
    "ipv4 mpls-vpn 192.0.2.0/24 label [ 3 ] next-hop 192.0.2.1 rd 1:1",
    "l2vpn vpls vpls 5 endpoint 1 base 2 offset 3 size 4",
  ]) {
    assert.deepEqual(reader.read(`${HEAD} ${shown}`), []);
  }
  for (const text of [
    `${HEAD} ipv4 unicast`,
    `${HEAD} ipv4 unicast nonsense next-hop self`,
    `${HEAD} ipv4 unicast 192.0.2.1/24 next-hop self`,
    `${HEAD} ipv4 unicast 2001:db8::/48 next-hop self`,
    `${HEAD} ipv6 unicast 192.0.2.0/24 next-hop self`,
    `${HEAD.replace("198.51.100.1", "localhost")} ipv4 unicast 192.0.2.0/24 next-hop self`,
    HEAD,
    "neighbor 198.51.100.1 local-ip",
    "neighbor 198.51.100.1 local-ip 198.51.100.2 local-as 64496 pe",
  ]) {
    assert.equal(reader.read(text), undefined, text);
  }
});
