import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeAnnounce, encodeWithdraw, isCommandLine, RouteError } from "../src/index.ts";
import type { Dialect, Route } from "../src/index.ts";
import { COMMAND_LENGTH_MAX } from "../src/grammar.ts";
import { anything, goodRoute, mutatedRoute } from "./routes.ts";

const cases: { name: string; route: Route; dialect?: Dialect; tail: string }[] = [
  {
    name: "the least",
    route: { prefix: "192.0.2.0/24", nextHop: "self" },
    tail: "route 192.0.2.0/24 next-hop self",
  },
  {
    name: "API v6",
    route: { prefix: "2001:db8::/48", nextHop: "2001:db8::1" },
    dialect: 6,
    tail: "route 2001:db8::/48 next-hop 2001:db8::1",
  },
  {
    name: "5.0",
    route: { prefix: "192.0.2.0/24", nextHop: "self", med: 0 },
    dialect: 5,
    tail: "route 192.0.2.0/24 next-hop self med 0",
  },
  {
    name: "everything",
    route: {
      prefix: "192.0.2.1/32",
      nextHop: "198.51.100.2",
      origin: "egp",
      asPath: [64496, 64496, 4_200_000_000],
      med: 100,
      localPreference: 200,
      communities: ["65535:0", "64496:100"],
      largeCommunities: ["64496:1:2"],
      extendedCommunities: ["target:64496:7", "origin:4200000000:7", "target:192.0.2.1:7"],
    },
    tail:
      "route 192.0.2.1/32 next-hop 198.51.100.2 origin egp as-path [ 64496 64496 4200000000 ] med 100 local-preference 200" +
      " community [ 64496:100 65535:0 ] large-community [ 64496:1:2 ]" +
      " extended-community [ 0x0203fa56ea000007 0x0102c00002010007 target:64496:7 ]",
  },
];

for (const { name, route, dialect, tail } of cases) {
  test(`announces and withdraws with the same attributes: ${name}`, () => {
    const selector = dialect === 6 ? "peer * " : "";
    assert.equal(encodeAnnounce(route, dialect), `${selector}announce ${tail}`);
    assert.equal(encodeWithdraw(route, dialect), `${selector}withdraw ${tail}`);
  });
}

test("some neighbors only are named before the command; 6.0 might give their route to another", () => {
  const route = {
    prefix: "192.0.2.0/24",
    nextHop: "self",
    neighbors: ["2001:DB8::2", "198.51.100.1", "2001:db8:0::2"],
  };
  const line = encodeAnnounce(route);
  const selector = "neighbor 198.51.100.1, neighbor 2001:db8::2";
  assert.equal(line, `${selector} announce route 192.0.2.0/24 next-hop self`);
  assert.ok(isCommandLine(line));
  assert.throws(() => encodeAnnounce(route, 6), RouteError);
});

/** Every command of 4.2.21 and 5.0.8, in the order in which they are searched. */
const COMMANDS = [
  "announce route",
  "withdraw route",
  "announce vpls",
  "withdraw vpls",
  "announce attribute",
  "announce attributes",
  "withdraw attribute",
  "withdraw attributes",
  "announce flow",
  "withdraw flow",
  "announce eor",
  "announce route-refresh",
  "announce operational",
  "announce ipv4",
  "withdraw ipv4",
  "announce ipv6",
  "withdraw ipv6",
  "announce watchdog",
  "withdraw watchdog",
  "show neighbor",
  "show adj-rib out",
  "show adj-rib in",
  "flush adj-rib out",
  "clear adj-rib",
  "teardown",
  "help",
  "debug",
  "shutdown",
  "reload",
  "restart",
  "reset",
  "version",
  "crash",
  "#",
  "disable-ack",
  "enable-ack",
  "silence-ack",
]
  .toSorted()
  .toReversed();

/** How 4.2 and 5.0 find the command of a line. */
function commandsIn(line: string): string[] {
  return COMMANDS.filter(
    (name) => name === line || line.endsWith(` ${name}`) || line.includes(`${name} `),
  );
}

/** Checks one attempt; @returns whether it became a line. */
function assertSafe(route: unknown, dialect: Dialect): boolean {
  for (const [verb, encode] of [
    ["announce", encodeAnnounce],
    ["withdraw", encodeWithdraw],
  ] as const) {
    let line = "";
    try {
      // What TypeScript would refuse comes from files and from JavaScript.
      line = String(Reflect.apply(encode, undefined, [route, dialect]));
    } catch (error) {
      assert.ok(error instanceof RouteError, `threw ${String(error)}`);
      return false;
    }
    assert.match(line, /^[\x20-\x7e]+$/);
    assert.ok(line.length <= COMMAND_LENGTH_MAX, `${line.length} characters`);
    assert.ok(isCommandLine(line), line);
    assert.deepEqual(commandsIn(line), [`${verb} route`]);
  }
  return true;
}

const dialects = fc.constantFrom<Dialect>(4, 5, 6);

test("every route of the grammar becomes one line with one command", () => {
  fc.assert(
    fc.property(goodRoute, dialects, (route, dialect) => {
      // 6.0 is never told of a route for some neighbors only.
      const isForAll = (route.neighbors ?? []).length === 0;
      assert.equal(assertSafe(route, dialect), dialect !== 6 || isForAll);
    }),
    { numRuns: 500 },
  );
});

test("nothing else becomes a line outside the grammar, a second line, or another command", () => {
  const reached = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(fc.oneof(mutatedRoute, anything), dialects, (route, dialect) => {
      reached[assertSafe(route, dialect) ? "accepted" : "refused"] += 1;
    }),
    { numRuns: 3000 },
  );
  // Mutations that keep a route right, and those that do not, must both have been seen.
  assert.ok(reached.accepted > 100 && reached.refused > 1000, JSON.stringify(reached));
});

const foreign = [
  "",
  "announce route 192.0.2.0/24 next-hop self\n",
  "announce route 192.0.2.0/24 next-hop self shutdown",
  "shutdown",
  " # restart",
  "# ab",
  " # ab ",
  "announce route 192.0.2.0/24 next-hop self community [ graceful-shutdown ]",
  "neighbor * announce route 192.0.2.0/24 next-hop self",
  "neighbor 10.0.0.1 shutdown",
  "neighbor 10.0.0.1, announce route 192.0.2.0/24 next-hop self",
  "announce route 192.0.2.0/24 next-hop self med 01",
  "clear adj-rib out",
  "announce route 192.0.2.0/24 next-hop self med １",
];

for (const line of foreign) {
  test(`${JSON.stringify(line)} is no command line`, () => {
    assert.equal(isCommandLine(line), false);
  });
}
