import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatAddress,
  formatPrefix,
  isMulticast,
  parseAddress,
  parsePrefix,
} from "../src/address.ts";

const addresses = [
  { text: "192.0.2.1", canonical: "192.0.2.1" },
  { text: "0.0.0.0", canonical: "0.0.0.0" },
  { text: "255.255.255.255", canonical: "255.255.255.255" },
  { text: "2001:DB8::1", canonical: "2001:db8::1" },
  { text: "2001:0db8:0000:0000:0001:0000:0000:0000", canonical: "2001:db8:0:0:1::" },
  { text: "2001:db8:0:1:1:1:1:1", canonical: "2001:db8:0:1:1:1:1:1" },
  { text: "2001:0:0:1:0:0:0:1", canonical: "2001:0:0:1::1" },
  { text: "2001:db8:0:0:1:0:0:1", canonical: "2001:db8::1:0:0:1" },
  { text: "::", canonical: "::" },
  { text: "::1", canonical: "::1" },
  { text: "1::", canonical: "1::" },
  { text: "::ffff:192.0.2.1", canonical: "::ffff:c000:201" },
  { text: "64:ff9b::192.0.2.33", canonical: "64:ff9b::c000:221" },
];

for (const { text, canonical } of addresses) {
  test(`address ${text} is ${canonical}`, () => {
    const address = parseAddress(text);
    assert.ok(address);
    assert.equal(formatAddress(address), canonical);
  });
}

const refused = [
  "",
  "192.0.2",
  "192.0.2.256",
  "192.0.2.01",
  "010.0.0.1",
  "fe80::1%eth0",
  "::1::",
  "1:2:3:4:5:6:7",
  "self",
  "192.0.2.1 ",
  "１92.0.2.1",
];

for (const text of refused) {
  test(`${JSON.stringify(text)} is no address`, () => {
    assert.equal(parseAddress(text), undefined);
  });
}

const prefixes = [
  { text: "192.0.2.0/24", canonical: "192.0.2.0/24" },
  { text: "0.0.0.0/0", canonical: "0.0.0.0/0" },
  { text: "192.0.2.1/32", canonical: "192.0.2.1/32" },
  { text: "2001:DB8:0::/48", canonical: "2001:db8::/48" },
  { text: "::/0", canonical: "::/0" },
  { text: "2001:db8::1/128", canonical: "2001:db8::1/128" },
  { text: "192.0.2.1/24", canonical: undefined },
  { text: "2001:db8::1/64", canonical: undefined },
  { text: "192.0.2.0", canonical: undefined },
  { text: "192.0.2.0/33", canonical: undefined },
  { text: "2001:db8::/129", canonical: undefined },
  { text: "192.0.2.0/024", canonical: undefined },
  { text: "192.0.2.0/+24", canonical: undefined },
  { text: "192.0.2.0/24/24", canonical: undefined },
  { text: "192.0.2.0/24\n", canonical: undefined },
  { text: "fe80::%1/64", canonical: undefined },
];

for (const { text, canonical } of prefixes) {
  test(`prefix ${JSON.stringify(text)} is ${canonical ?? "refused"}`, () => {
    const prefix = parsePrefix(text);
    assert.equal(prefix && formatPrefix(prefix), canonical);
  });
}

test("only 224.0.0.0/4 and ff00::/8 are multicast", () => {
  const found = [
    "223.255.255.255",
    "224.0.0.0",
    "239.1.2.3",
    "240.0.0.0",
    "feff::",
    "ff02::1",
  ].filter((text) => {
    const address = parseAddress(text);
    return address !== undefined && isMulticast(address);
  });
  assert.deepEqual(found, ["224.0.0.0", "239.1.2.3", "ff02::1"]);
});

test("the canonical text means the same address and is a fixed point", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const address = parseAddress(text);
      assert.ok(address, text);
      const canonical = formatAddress(address);
      assert.equal(isIP(canonical), address.family);
      assert.deepEqual(parseAddress(canonical), address);
      // The platform's own idea of the same text, where it writes no dotted tail.
      if (address.family === 6)
        assert.equal(new URL(`http://[${text}]/`).hostname, `[${canonical}]`);
    }),
    { numRuns: 2000 },
  );
});
