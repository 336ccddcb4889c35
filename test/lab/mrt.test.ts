import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMrt } from "./mrt.ts";

/** A BGP message in the envelope of BGP4MP_MESSAGE_AS4 (RFC 6396 section 4.4.3), from 10.1.0.2. */
function record(message: string): Buffer {
  const envelope = "0000fbf0 0000fc03 0002 0001 0a010002 0a010001";
  const body = Buffer.from((envelope + message).replaceAll(" ", ""), "hex");
  const header = Buffer.alloc(12);
  header.writeUInt16BE(16, 4);
  header.writeUInt16BE(4, 6);
  header.writeUInt32BE(body.length, 8);
  return Buffer.concat([header, body]);
}

/** @param update What follows the header of an UPDATE (RFC 4271 section 4.3). */
function update(text: string): Buffer {
  const hex = text.replaceAll(" ", "");
  const length = (19 + hex.length / 2).toString(16).padStart(4, "0");
  return record(`${"f".repeat(32)}${length}02${hex}`);
}

const ANNOUNCED = update(
  "0000 001b 40010100 40020602010000fbf0 4003040a010002 80040400000064 18c00002",
);
const WITHDRAWN = update("0004 18c00002 0000");
const ANNOUNCED_IPV6 = update(
  "0000 0025 40010100 900e001d 0002 01 10 fd000000000000000000000000000002 00 3020010db80053",
);
const END_OF_RIB = update("0000 0000");
const KEEPALIVE = record(`${"f".repeat(32)}001304`);

describe("parseMrt", () => {
  it("tells announcements and withdrawals of both families, with their attributes", () => {
    const seen = parseMrt(
      Buffer.concat([ANNOUNCED, KEEPALIVE, ANNOUNCED_IPV6, END_OF_RIB, WITHDRAWN]),
    );
    assert.deepEqual(
      seen.map(({ message, kind, prefix }) => [message, kind, prefix]),
      [
        [1, "announced", "192.0.2.0/24"],
        [2, "announced", "2001:db8:53::/48"],
        [3, "withdrawn", "192.0.2.0/24"],
      ],
    );
    assert.deepEqual(
      [...(seen[0]?.attributes ?? [])],
      [
        [1, "00"],
        [2, "02010000fbf0"],
        [3, "0a010002"],
        [4, "00000064"],
      ],
    );
    assert.equal(seen[0]?.peer, "10.1.0.2");
  });

  it("leaves out a record that is still being written", () => {
    assert.equal(parseMrt(Buffer.concat([ANNOUNCED, WITHDRAWN.subarray(0, 40)])).length, 1);
    assert.deepEqual(parseMrt(Buffer.alloc(0)), []);
  });
});
