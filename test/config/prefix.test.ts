import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { nextHopMistake, specialSpaceOf } from "../../src/config/address-space.ts";
import { parseAddress, parsePrefix } from "../../src/config/prefix.ts";

const prefixes = [
  { text: "192.0.2.0/24", canonical: "192.0.2.0/24", hasHostBits: false },
  { text: "192.0.2.1/24", canonical: "192.0.2.0/24", hasHostBits: true },
  { text: "255.255.255.255/1", canonical: "128.0.0.0/1", hasHostBits: true },
  { text: "0.0.0.0/0", canonical: "0.0.0.0/0", hasHostBits: false },
  { text: "192.0.2.1/32", canonical: "192.0.2.1/32", hasHostBits: false },
  { text: "2001:DB8:0:0:1::/80", canonical: "2001:db8:0:0:1::/80", hasHostBits: false },
  { text: "2001:db8::1/48", canonical: "2001:db8::/48", hasHostBits: true },
  { text: "::/0", canonical: "::/0", hasHostBits: false },
  { text: "::ffff:192.0.2.1/128", canonical: "::ffff:c000:201/128", hasHostBits: false },
];

for (const { text, canonical, hasHostBits } of prefixes) {
  test(`${text} is ${canonical}`, () => {
    const prefix = parsePrefix(text);
    assert.deepEqual([prefix?.text, prefix?.hasHostBits], [canonical, hasHostBits]);
  });
}

const refused = [
  "",
  "/",
  "192.0.2.0",
  "192.0.2.0/",
  "/24",
  "192.0.2.0/33",
  "192.0.2.0/-1",
  "192.0.2.0/024",
  "192.0.2.0/+24",
  "192.0.2.0/24 ",
  " 192.0.2.0/24",
  "192.0.2.0/24/24",
  "192.0.2/24",
  "192.0.2.0.0/24",
  "010.0.0.0/8",
  "0x0a.0.0.0/8",
  "256.0.0.0/8",
  "2001:db8::/129",
  "fe80::1%eth0/64",
  "2001:db8:::/48",
  "[2001:db8::]/48",
  "self/8",
  "192.0.2.0/24\n",
  "192.0.2.0/٢٤",
  "1/8",
];

for (const text of refused) {
  test(`${JSON.stringify(text)} is no prefix`, () => assert.equal(parsePrefix(text), undefined));
}

test("a canonical prefix is read as itself, and holds what it was made of", () => {
  const lengths = fc.integer({ min: 0, max: 128 });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), lengths, (address, length) => {
      const prefix = parsePrefix(`${address}/${length}`);
      if (prefix === undefined) return assert.ok(length > 32 && !address.includes(":"));
      const again = parsePrefix(prefix.text);
      assert.deepEqual(again, { ...prefix, hasHostBits: false });
      const value = parseAddress(address)?.value ?? -1n;
      assert.ok(prefix.first <= value && value <= prefix.last);
      assert.equal(prefix.hasHostBits, value !== prefix.first);
    }),
  );
});

const spaces = [
  ["8.8.8.0/24", undefined],
  ["9.255.255.0/24", undefined],
  ["10.0.0.0/24", "private space (RFC 1918)"],
  ["10.255.255.0/24", "private space (RFC 1918)"],
  ["11.0.0.0/24", undefined],
  ["172.15.0.0/16", undefined],
  ["172.31.0.0/16", "private space (RFC 1918)"],
  ["172.32.0.0/16", undefined],
  ["100.63.0.0/16", undefined],
  ["100.127.0.0/16", "shared space (RFC 6598)"],
  ["192.0.0.0/8", "protocol assignments (RFC 6890)"],
  ["128.0.0.0/1", "link-local space (RFC 3927)"],
  ["223.255.255.0/24", undefined],
  ["239.0.0.0/24", "multicast (RFC 5771)"],
  ["2606:4700::/48", undefined],
  ["2001:db8:ffff::/48", "documentation space (RFC 3849)"],
  ["2001:db9::/48", undefined],
  ["fdff::/48", "private space (RFC 4193)"],
  ["fe00::/48", undefined],
  ["fe80::/48", "link-local space (RFC 4291)"],
  ["2000::/3", "benchmarking space (RFC 5180)"],
] as const;

for (const [text, space] of spaces) {
  test(`${text} is ${space ?? "for the Internet"}`, () => {
    const prefix = parsePrefix(text);
    assert.ok(prefix !== undefined);
    assert.equal(specialSpaceOf(prefix), space);
  });
}

const nextHops = [
  ["198.51.100.1", true],
  ["10.0.0.1", true],
  ["169.254.169.254", true],
  ["2001:db8::1", true],
  ["fd00::1", true],
  ["0.0.0.0", false],
  ["127.0.0.1", false],
  ["127.255.255.255", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["::ffff:192.0.2.1", false],
  ["ff02::1", false],
  ["fe80::1", false],
] as const;

for (const [text, isGood] of nextHops) {
  test(`${text} ${isGood ? "can" : "cannot"} be a next hop`, () => {
    const address = parseAddress(text);
    assert.ok(address !== undefined);
    assert.equal(nextHopMistake(address) === undefined, isGood);
  });
}
