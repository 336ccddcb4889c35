import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as dnsPacket from "dns-packet";
import fc from "fast-check";
import { isAnswerTo } from "../../checks/dns-frame.ts";
import { encodeQuery, readReply, type Question } from "../../checks/dns-message.ts";
import { canonical, DNS_RECORDS, exampleOf, type DnsRecord } from "../../checks/dns-records.ts";

const QUESTION: Question = { name: "health.example", record: "A", recursion: true };

const ANSWER = dnsPacket.encode({
  type: "response",
  id: 7,
  questions: [{ type: "A", name: QUESTION.name }],
  answers: [
    { type: "CNAME", name: QUESTION.name, data: "www.example" },
    { type: "A", name: "www.example", data: "192.0.2.53" },
    { type: "MX", name: "www.example", data: { preference: 10, exchange: "mail.example" } },
    { type: "SOA", name: "www.example", data: { mname: "a.example", rname: "b.example" } },
    { type: "TXT", name: "www.example", data: ["one", "two"] },
  ],
  authorities: [{ type: "NS", name: "example", data: "ns1.example" }],
});

test("whatever is in a message, it is read or it is not, and nothing is thrown", () => {
  const counts = { read: 0, malformed: 0 };
  const change = fc.tuple(fc.nat(ANSWER.length - 1), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 6 }),
      fc.oneof(fc.constant(0), fc.nat(40)),
      (changes, cut) => {
        const message = Buffer.from(ANSWER.subarray(0, ANSWER.length - cut));
        for (const [at, byte] of changes) if (at < message.length) message[at] = byte;
        const reply = readReply(dnsPacket, message, QUESTION);
        counts[reply === undefined ? "malformed" : "read"] += 1;
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(counts.read > 50 && counts.malformed > 500, JSON.stringify(counts));
});

test("noise is never an answer, and does not throw", () => {
  const query = encodeQuery(dnsPacket, QUESTION);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
      const message = Buffer.concat([query.subarray(0, 2), noise]);
      if (isAnswerTo(message, query)) readReply(dnsPacket, message, QUESTION);
      assert.equal(isAnswerTo(Buffer.from(noise), query) && noise.length < 12, false);
    }),
  );
});

test("a message that is made to cost time is refused for it", () => {
  const query = encodeQuery(dnsPacket, { ...QUESTION, name: "health.example" });
  const read = (message: Buffer): unknown => readReply(dnsPacket, message, QUESTION);
  for (const hops of [0, 1, 14]) {
    const costly = costlyMessage(query, hops, 127);
    assert.ok(isAnswerTo(costly, query));
    // It is well-formed: the library reads it to its end.
    assert.equal(dnsPacket.decode(costly).answers?.length, 128);
    assert.equal(read(costly), undefined);
  }
  assert.notEqual(read(costlyMessage(query, 0, 15)), undefined);
});

test("records of a type that nobody can ask for are not decoded, whatever is in them", () => {
  const query = encodeQuery(dnsPacket, QUESTION);
  const nsec = record(Buffer.alloc(1), 47, Buffer.from("ff", "hex"));
  const a = record(pointer(12), 1, Buffer.of(192, 0, 2, 53));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x80_00, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(2, 6);
  const question = query.subarray(12, 12 + QUESTION.name.length + 6);
  const message = Buffer.concat([header, question, nsec, a]);
  assert.throws(() => dnsPacket.decode(message));
  assert.deepEqual(readReply(dnsPacket, message, QUESTION)?.values, ["192.0.2.53"]);
});

/** Names of 126 labels, to each of which leads a row of pointers, in `count` records. */
function costlyMessage(query: Buffer, hops: number, count: number): Buffer {
  const question = Buffer.from("\u0006health\u0007example\0\0\u0001\0\u0001", "latin1");
  const rdata: Buffer[] = [];
  let at = 12 + question.length + 12;
  const start = at;
  let before = 0;
  for (let label = 0; label < 126; label += 1) {
    const here = at;
    rdata.push(Buffer.from("\u0001a", "latin1"));
    at += 2;
    rdata.push(label === 0 ? Buffer.alloc(1) : pointer(before));
    at += label === 0 ? 1 : 2;
    before = here;
    for (let hop = 0; hop < hops; hop += 1) {
      rdata.push(pointer(before));
      before = at;
      at += 2;
    }
  }
  const body = Buffer.concat(rdata);
  const records = Array.from({ length: count }, () => record(pointer(before), 2, pointer(before)));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x80_00, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(count + 1, 6);
  const first = record(pointer(12), 10, body);
  assert.equal(12 + question.length + first.length - body.length, start);
  return Buffer.concat([header, question, first, ...records]);
}

function pointer(to: number): Buffer {
  return Buffer.of(0xc0 | (to >> 8), to & 0xff);
}

function record(name: Buffer, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type);
  head.writeUInt16BE(1, 2);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, head, data]);
}

describe("values", () => {
  test("the examples are valid, and written the one way", () => {
    for (const type of DNS_RECORDS) {
      const value = canonical(type, exampleOf(type));
      assert.ok(value !== undefined);
      assert.equal(canonical(type, value), value);
    }
  });

  const cases: readonly [record: DnsRecord, text: string, value: string | undefined][] = [
    ["A", "192.0.2.53", "192.0.2.53"],
    ["A", "192.0.2.053", undefined],
    ["A", "::1", undefined],
    ["A", "", undefined],
    ["A", "192.0.2.1 192.0.2.2", undefined],
    ["AAAA", "2001:DB8:0:0::1", "2001:db8::1"],
    ["AAAA", "fe80::1%eth0", undefined],
    ["AAAA", "192.0.2.1", undefined],
    ["CNAME", "WWW.Example.", "www.example"],
    ["NS", ".", "."],
    ["MX", " 010   Mail.Example. ", "10 mail.example"],
    ["MX", "mail.example", undefined],
    ["MX", "10", undefined],
    ["SRV", "0 5 853 ns1.example", "0 5 853 ns1.example"],
    ["SRV", "0 5 ns1.example", undefined],
    ["CAA", '0 Issue "ca.example; a=b"', "0 issue ca.example; a=b"],
    ["CAA", "0 issue ca.example", "0 issue ca.example"],
    ["TXT", ' "As it is." ', ' "As it is." '],
  ];
  for (const [type, text, value] of cases) {
    test(`${type} ${JSON.stringify(text)}`, () => assert.equal(canonical(type, text), value));
  }
});
