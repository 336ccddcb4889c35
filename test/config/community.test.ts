import assert from "node:assert/strict";
import test from "node:test";
import { encodeAnnounce } from "exabgp-ts-bridge";
import {
  parseCommunity,
  parseExtendedCommunity,
  parseLargeCommunity,
  WELL_KNOWN_COMMUNITIES,
} from "../../src/config/community.ts";

const table = [
  { parse: parseCommunity, text: "64496:100", numbers: "64496:100" },
  { parse: parseCommunity, text: "0:0", numbers: "0:0" },
  { parse: parseCommunity, text: "065535:0065535", numbers: "65535:65535" },
  { parse: parseCommunity, text: "no-export", numbers: "65535:65281" },
  { parse: parseCommunity, text: "NO-EXPORT", numbers: undefined },
  { parse: parseCommunity, text: "65536:0", numbers: undefined },
  { parse: parseCommunity, text: "1:2:3", numbers: undefined },
  { parse: parseCommunity, text: "constructor", numbers: undefined },
  { parse: parseCommunity, text: "1:2\n", numbers: undefined },
  { parse: parseLargeCommunity, text: "4294967295:0:1", numbers: "4294967295:0:1" },
  { parse: parseLargeCommunity, text: "4294967296:0:1", numbers: undefined },
  { parse: parseLargeCommunity, text: "1:2", numbers: undefined },
  { parse: parseLargeCommunity, text: `${"0".repeat(40)}1:2:3`, numbers: undefined },
  { parse: parseExtendedCommunity, text: "target:64496:7", numbers: "target:64496:7" },
  {
    parse: parseExtendedCommunity,
    text: "origin:65535:4294967295",
    numbers: "origin:65535:4294967295",
  },
  {
    parse: parseExtendedCommunity,
    text: "target:4294967295:65535",
    numbers: "target:4294967295:65535",
  },
  { parse: parseExtendedCommunity, text: "target:65536:65536", numbers: undefined },
  { parse: parseExtendedCommunity, text: "rt:1:2", numbers: undefined },
  {
    parse: parseExtendedCommunity,
    text: "target:192.0.2.1:65535",
    numbers: "target:192.0.2.1:65535",
  },
  { parse: parseExtendedCommunity, text: "origin:192.0.2.1:7", numbers: "origin:192.0.2.1:7" },
  { parse: parseExtendedCommunity, text: "target:192.0.2.1:65536", numbers: undefined },
  { parse: parseExtendedCommunity, text: "target:192.0.2.1:", numbers: undefined },
  { parse: parseExtendedCommunity, text: "target:192.0.2.1:7:7", numbers: undefined },
  { parse: parseExtendedCommunity, text: "target:192.0.02.1:7", numbers: undefined },
  { parse: parseExtendedCommunity, text: "target:192.0.2.1", numbers: undefined },
  { parse: parseExtendedCommunity, text: "target:2001:db8::1:7", numbers: undefined },
];

for (const { parse, text, numbers } of table) {
  test(`${parse.name} reads ${JSON.stringify(text)} as ${numbers}`, () => {
    assert.equal(parse(text), numbers);
  });
}

test("what is accepted here is accepted by the bridge", () => {
  const route = { prefix: "192.0.2.0/24", nextHop: "self" };
  for (const numbers of WELL_KNOWN_COMMUNITIES.values()) {
    assert.ok(encodeAnnounce({ ...route, communities: [numbers] }).includes(numbers));
  }
  for (const { parse, numbers = "" } of table.filter((row) => row.numbers !== undefined)) {
    const key =
      parse === parseCommunity
        ? "communities"
        : parse === parseLargeCommunity
          ? "largeCommunities"
          : "extendedCommunities";
    assert.doesNotThrow(() => encodeAnnounce({ ...route, [key]: [numbers] }), numbers);
  }
});
