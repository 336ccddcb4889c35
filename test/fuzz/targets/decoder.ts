/** Bytes of ExaBGP, and of the peers whose words it passes on, become lines. */
import assert from "node:assert/strict";
import { decodeLine, LineReader, type Line } from "exabgp-ts-bridge";
import fc from "fast-check";
import { target } from "../target.ts";
import { babble, bytesOf, jsonOf, mutated, nasty, oddJson } from "../texts.ts";

const WORDS =
  'done|error|error: |shutdown 1 2|\n|\r\n| |neighbor |192.0.2.1|2001:db8::1|fe80::1%eth0| up|connected| down - | send| receive| update | announced | withdrawn |198.51.100.0/24|2001:db8::/48|10.0.0.1/8| next-hop | notification code | subcode |6 |exabgp 4.2.21| local-ip |{"exabgp":"4.0.1","type":"|state|"|:|}|]|[|{|,'.split(
    "|",
  );

/** As ExaBGP writes them. */
const WHOLE = [
  "done",
  "error",
  "exabgp 4.2.21",
  "neighbor 192.0.2.1 up",
  "neighbor 192.0.2.1 down - peer reset, message (notification sent (6,2))",
  "neighbor 192.0.2.1 send update announced 198.51.100.0/24 next-hop 192.0.2.2 med 5",
  '{"exabgp":"4.0.1","type":"update","neighbor":{"address":{"peer":"192.0.2.1"},"direction":"send","message":{"update":{"announce":{"ipv4 unicast":{"192.0.2.2":[{"nlri":"198.51.100.0/24"}]}}}}}}',
];

const json = fc.jsonValue({ maxDepth: 3 });
const address = fc.constantFrom("192.0.2.1", "2001:DB8::1", "::ffff:192.0.2.1", "192.0.2.256", "");
const prefixes = fc.array(
  fc.oneof(
    fc.constantFrom<unknown>("192.0.2.0/24", "2001:db8::/48", "192.0.2.1/24", "::/0"),
    fc.record({ nlri: fc.oneof(fc.constant("192.0.2.0/24"), nasty) }),
    json,
  ),
  { maxLength: 4 },
);
const families = fc.dictionary(
  fc.constantFrom("ipv4 unicast", "ipv6 unicast", "ipv4 flow", "__proto__"),
  fc.oneof(
    prefixes,
    fc.dictionary(fc.oneof(address, nasty), fc.oneof(prefixes, json), { maxKeys: 3 }),
    json,
  ),
);
const update = fc.record(
  { attribute: json, announce: families, withdraw: families },
  { requiredKeys: [] },
);
const neighbor = fc.record(
  {
    address: fc.record({ local: address, peer: address }),
    state: fc.constantFrom("up", "down", "connected", "x"),
    reason: nasty,
    direction: fc.constantFrom("send", "receive", "both"),
    message: fc.record({ update }, { requiredKeys: [] }),
    notification: fc.record({ code: fc.nat(9), subcode: fc.nat(9), data: nasty }),
  },
  { requiredKeys: ["address"] },
);
const event = jsonOf({
  exabgp: fc.constant("4.0.1"),
  type: fc.constantFrom("state", "update", "notification", "keepalive", "open"),
  neighbor,
});

/** A peer's path of 4096 octets, and more than is ever read. */
const long = fc.constantFrom(
  "x".repeat(5000),
  `{${" ".repeat(300_000)}`,
  "neighbor ".repeat(40_000),
);
const stream = bytesOf(
  fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...WHOLE) },
        { weight: 9, arbitrary: babble(WORDS, 12) },
        { weight: 9, arbitrary: mutated(event) },
        { weight: 2, arbitrary: oddJson },
        {
          weight: 1,
          arbitrary: fc.oneof({ weight: 3, arbitrary: nasty }, { weight: 1, arbitrary: long }),
        },
      ),
      { maxLength: 6 },
    )
    .map((lines) => lines.map((line) => `${line}\n`).join("")),
);

const PRINTABLE = /^[\x20-\x7e]*$/;
const ADDRESS = /^(?:[0-9.]{7,15}|[0-9a-f:.]{2,39})$/;
const PREFIX = /^(?:[0-9.]{7,15}|[0-9a-f:.]{2,39})\/[0-9]{1,3}$/;

function check(line: Line): void {
  if (line.kind === "session") assert.match(line.reason, PRINTABLE);
  if (line.kind === "malformed") assert.match(line.detail, PRINTABLE);
  if (line.kind === "event") assert.match(line.type, PRINTABLE);
  if (line.kind === "error") assert.match(line.text ?? "", PRINTABLE);
  if ("neighbor" in line) assert.match(line.neighbor, ADDRESS);
  if (line.kind === "update") {
    for (const prefix of line.withdrawn) assert.match(prefix, PREFIX);
    for (const { prefix, nextHop } of line.announced) {
      assert.match(prefix, PREFIX);
      if (nextHop !== "") assert.match(nextHop, ADDRESS);
    }
  }
}

function linesOf(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader({
    line: (text) => lines.push(text),
    dropped: () => lines.push("\0dropped"),
  });
  for (const chunk of chunks) reader.push(chunk);
  return lines;
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)), bytes.length];
  const ordered = places.toSorted((one, other) => one - other);
  return ordered.slice(1).map((end, nth) => bytes.subarray(ordered[nth], end));
}

export const DECODER = target(
  "decoder",
  "any bytes of ExaBGP in any chunks are lines; what is known of them is clean",
  () => {
    const reached: Record<string, number> = {
      done: 0,
      error: 0,
      text: 0,
      json: 0,
      session: 0,
      update: 0,
      prefixes: 0,
      notification: 0,
      malformed: 0,
      dropped: 0,
    };
    return {
      reached,
      input: fc.record({ bytes: stream, cuts: fc.array(fc.nat(0xffff), { maxLength: 5 }) }),
      attempt({ bytes, cuts }) {
        const lines = linesOf(cut(bytes, cuts));
        assert.deepEqual(lines, linesOf([bytes]), "where the chunks end must not matter");
        const kinds = new Set<string>();
        for (const text of lines) {
          if (text === "\0dropped") kinds.add("dropped");
          const line = decodeLine(text);
          check(line);
          kinds.add(line.kind);
          if (line.kind === "update" && line.announced.length + line.withdrawn.length > 0)
            kinds.add("prefixes");
        }
        for (const kind of kinds) if (kind in reached) reached[kind] = (reached[kind] ?? 0) + 1;
      },
    };
  },
);
