import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normalizeRoute, RouteError, routesEqual } from "../src/index.ts";
import type { Route } from "../src/index.ts";
import { goodRoute } from "./routes.ts";

const base: Route = { prefix: "192.0.2.0/24", nextHop: "self" };

const refused: { name: string; route: unknown; field: string }[] = [
  { name: "null", route: null, field: "" },
  { name: "a list", route: [base], field: "" },
  { name: "a text", route: "192.0.2.0/24", field: "" },
  { name: "no prefix", route: { nextHop: "self" }, field: "prefix" },
  { name: "host bits", route: { ...base, prefix: "192.0.2.1/24" }, field: "prefix" },
  { name: "multicast", route: { ...base, prefix: "239.0.0.0/8" }, field: "prefix" },
  {
    name: "a prefix in an object",
    route: { ...base, prefix: { toString: () => "192.0.2.0/24" } },
    field: "prefix",
  },
  { name: "no next hop", route: { prefix: "192.0.2.0/24" }, field: "nextHop" },
  {
    name: "another family's next hop",
    route: { ...base, nextHop: "2001:db8::1" },
    field: "nextHop",
  },
  { name: "an unspecified next hop", route: { ...base, nextHop: "0.0.0.0" }, field: "nextHop" },
  { name: "a multicast next hop", route: { ...base, nextHop: "224.0.0.1" }, field: "nextHop" },
  { name: "Self", route: { ...base, nextHop: "Self" }, field: "nextHop" },
  { name: "origin of another word", route: { ...base, origin: "IGP" }, field: "origin" },
  { name: "a MED with a fraction", route: { ...base, med: 1.5 }, field: "med" },
  { name: "a MED below 0", route: { ...base, med: -1 }, field: "med" },
  { name: "a MED of 33 bits", route: { ...base, med: 2 ** 32 }, field: "med" },
  { name: "a MED as text", route: { ...base, med: "100" }, field: "med" },
  { name: "a MED that is no number", route: { ...base, med: Number.NaN }, field: "med" },
  { name: "AS 0", route: { ...base, asPath: [64496, 0] }, field: "asPath[1]" },
  {
    name: "an AS path of 256",
    route: { ...base, asPath: Array.from({ length: 256 }, () => 1) },
    field: "asPath",
  },
  {
    name: "a hole in the AS path",
    route: { ...base, asPath: Object.assign([1], { length: 2 }) },
    field: "asPath[1]",
  },
  {
    name: "a symbolic community",
    route: { ...base, communities: ["no-export"] },
    field: "communities[0]",
  },
  {
    name: "a community of 17 bits",
    route: { ...base, communities: ["1:1", "65536:1"] },
    field: "communities[1]",
  },
  {
    name: "a community with a leading zero",
    route: { ...base, communities: ["01:1"] },
    field: "communities[0]",
  },
  {
    name: "129 communities",
    route: { ...base, communities: Array.from({ length: 129 }, (_, n) => `1:${n}`) },
    field: "communities",
  },
  {
    name: "a list of an impossible length",
    route: { ...base, communities: Object.assign([], { length: 2 ** 32 - 1 }) },
    field: "communities",
  },
  { name: "communities as text", route: { ...base, communities: "1:1" }, field: "communities" },
  {
    name: "a large community of two parts",
    route: { ...base, largeCommunities: ["1:1"] },
    field: "largeCommunities[0]",
  },
  {
    name: "an extended community without its kind",
    route: { ...base, extendedCommunities: ["64496:7"] },
    field: "extendedCommunities[0]",
  },
  {
    name: "another kind of extended community",
    route: { ...base, extendedCommunities: ["redirect:1:1"] },
    field: "extendedCommunities[0]",
  },
  {
    name: "two 32-bit parts",
    route: { ...base, extendedCommunities: ["target:65536:65536"] },
    field: "extendedCommunities[0]",
  },
  {
    name: "an IPv6 administrator",
    route: { ...base, extendedCommunities: ["target:::1:7"] },
    field: "extendedCommunities[0]",
  },
  { name: "a misspelt key", route: { ...base, localPref: 1 }, field: "localPref" },
  { name: "a symbol as key", route: { ...base, [Symbol("med")]: 1 }, field: "Symbol(med)" },
  { name: "a value behind the prototype", route: Object.create(base), field: "prefix" },
  {
    name: "a getter that throws",
    route: {
      ...base,
      get med(): number {
        throw new TypeError("no");
      },
    },
    field: "",
  },
  {
    name: "a proxy that throws",
    route: new Proxy(base, {
      ownKeys() {
        throw new Error("no");
      },
    }),
    field: "",
  },
];

for (const { name, route, field } of refused) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => Reflect.apply(normalizeRoute, undefined, [route]),
      (error: unknown) => {
        assert.ok(error instanceof RouteError);
        assert.deepEqual([error.code, error.field], ["INVALID_ROUTE", field]);
        assert.match(
          error.message,
          /^Cannot use route: [\x20-\x7e]+ must be [\x20-\x7e]+: current value is [\x20-\x7e]+$/,
        );
        return true;
      },
    );
  });
}

test("reads every value once: a getter cannot change its mind after the check", () => {
  let reads = 0;
  const route = {
    prefix: "192.0.2.0/24",
    get nextHop() {
      reads += 1;
      return reads === 1 ? "self" : "self shutdown";
    },
  };
  assert.equal(normalizeRoute(route).nextHop, "self");
  assert.equal(reads, 1);
});

const equal: { name: string; left: Route; right: Route; isEqual: boolean }[] = [
  {
    name: "text of addresses",
    left: { prefix: "2001:DB8:0::/48", nextHop: "2001:db8:0:0::1" },
    right: { prefix: "2001:db8::/48", nextHop: "2001:DB8::1" },
    isEqual: true,
  },
  {
    name: "order of communities",
    left: { ...base, communities: ["2:1", "1:2"] },
    right: { ...base, communities: ["1:2", "2:1", "1:2"] },
    isEqual: true,
  },
  {
    name: "order of keys",
    left: { nextHop: "self", med: 1, prefix: "192.0.2.0/24" },
    right: { ...base, med: 1 },
    isEqual: true,
  },
  {
    name: "empty and absent lists",
    left: { ...base, communities: [], asPath: [] },
    right: base,
    isEqual: true,
  },
  { name: "-0 and 0", left: { ...base, med: -0 }, right: { ...base, med: 0 }, isEqual: true },
  {
    name: "order of the AS path",
    left: { ...base, asPath: [1, 2] },
    right: { ...base, asPath: [2, 1] },
    isEqual: false,
  },
  { name: "MED 0 and none", left: { ...base, med: 0 }, right: base, isEqual: false },
  {
    name: "prefix lengths",
    left: base,
    right: { ...base, prefix: "192.0.2.0/25" },
    isEqual: false,
  },
];

for (const { name, left, right, isEqual } of equal) {
  test(`${name}: ${isEqual ? "equal" : "different"}`, () => {
    assert.equal(routesEqual(left, right), isEqual);
  });
}

test("a route that cannot change is read once, one that can is read anew", () => {
  const frozen = Object.freeze({ prefix: "192.0.2.0/24", nextHop: "self", asPath: [1] });
  const list = frozen.asPath;
  assert.deepEqual(normalizeRoute(frozen).asPath, [1]);
  list[0] = 2;
  assert.deepEqual(normalizeRoute(frozen).asPath, [2], "its list could change");
  Object.freeze(list);
  assert.equal(normalizeRoute(frozen), normalizeRoute(frozen));
  const loose = { prefix: "192.0.2.0/24", nextHop: "self", med: 1 };
  normalizeRoute(loose);
  loose.med = 2;
  assert.equal(normalizeRoute(loose).med, 2);
  assert.throws(() => Object.assign(normalizeRoute(loose), { med: 3 }), TypeError);
});

test("normalizing is a fixed point and keeps the input", () => {
  fc.assert(
    fc.property(goodRoute, (route) => {
      const before = JSON.stringify(route);
      const once = normalizeRoute(route);
      assert.deepEqual(normalizeRoute(once), once);
      assert.equal(JSON.stringify(route), before);
      assert.ok(routesEqual(route, once));
    }),
    { numRuns: 300 },
  );
});
