import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeLine } from "../src/index.ts";
import type { Line } from "../src/index.ts";

/** As ExaBGP 4.2.21 wrote them, but for the pids. */
const STATE_UP =
  '{ "exabgp": "4.0.1", "time": 1795335870.7444646, "host" : "vm", "pid" : 1, "ppid" : 2, "counter": 1, "type": "state", "neighbor": { "address": { "local": "127.0.0.1", "peer": "127.0.0.2" }, "asn": { "local": 65001, "peer": 65002 } , "state": "up" } }';
const STATE_DOWN =
  '{ "exabgp": "4.0.1", "time": 1.5, "host" : "vm", "pid" : 1, "ppid" : 2, "counter": 2, "type": "state", "neighbor": { "address": { "local": "127.0.0.1", "peer": "2001:DB8::2" }, "asn": { "local": 65001, "peer": 65002 } , "state": "down", "reason": "peer reset, message (closing connection) error(Broken TCP connection)" } }';
const UPDATE =
  '{ "exabgp": "4.0.1", "time": 1.5, "host" : "vm", "pid" : 1, "ppid" : 2, "counter": 4, "type": "update", "neighbor": { "address": { "local": "127.0.0.1", "peer": "127.0.0.2" }, "asn": { "local": 65001, "peer": 65002 } , "direction": "send", "message": { "update": { "attribute": { "origin": "igp", "med": 100 }, "announce": { "ipv4 unicast": { "127.0.0.1": [ { "nlri": "192.0.2.0/24" }, { "nlri": "198.51.100.0/24" } ] }, "ipv6 unicast": { "2001:DB8::1": [ "2001:db8::/48" ] } }, "withdraw": { "ipv4 unicast": [ { "nlri": "203.0.113.0/24" } ], "ipv4 flow": [ { "string": "flow" } ] } } } } }';
const EOR =
  '{ "exabgp": "4.0.1", "type": "update", "neighbor": { "address": { "local": "127.0.0.1", "peer": "127.0.0.2" }, "direction": "send", "message": { "eor": { "afi" : "ipv4", "safi" : "unicast" } } } }';
const NOTIFICATION =
  '{ "exabgp": "4.0.1", "type": "notification", "neighbor": { "address": { "local": "127.0.0.1", "peer": "127.0.0.2" }, "direction": "receive", "notification": { "code": 6, "subcode": 2, "data": "" } } }';

const cases: { name: string; line: string; decoded: Line }[] = [
  { name: "done", line: "done", decoded: { kind: "done" } },
  { name: "done with a carriage return", line: "done\r", decoded: { kind: "done" } },
  { name: "error", line: "error", decoded: { kind: "error", text: undefined } },
  {
    name: "the explanation of 6.0",
    line: "error: no such peer",
    decoded: { kind: "error", text: "no such peer" },
  },
  { name: "nothing", line: "", decoded: { kind: "empty" } },
  { name: "the version", line: "exabgp 4.2.21", decoded: { kind: "text", text: "exabgp 4.2.21" } },
  {
    name: "a word that only starts with done",
    line: "done deal",
    decoded: { kind: "text", text: "done deal" },
  },
  {
    name: "the version of 6.0",
    line: '{"version": "6.0.0", "application": "exabgp"}',
    decoded: { kind: "json", value: { version: "6.0.0", application: "exabgp" } },
  },
  { name: "a list", line: "[]", decoded: { kind: "json", value: [] } },
  {
    name: "session up",
    line: STATE_UP,
    decoded: { kind: "session", neighbor: "127.0.0.2", state: "up", reason: "" },
  },
  {
    name: "session down",
    line: STATE_DOWN,
    decoded: {
      kind: "session",
      neighbor: "2001:db8::2",
      state: "down",
      reason: "peer reset, message (closing connection) error(Broken TCP connection)",
    },
  },
  {
    name: "session up as text",
    line: "neighbor 127.0.0.2 up",
    decoded: { kind: "session", neighbor: "127.0.0.2", state: "up", reason: "" },
  },
  {
    name: "session down as text",
    line: "neighbor 127.0.0.2 down - peer reset",
    decoded: { kind: "session", neighbor: "127.0.0.2", state: "down", reason: "peer reset" },
  },
  {
    name: "an update",
    line: UPDATE,
    decoded: {
      kind: "update",
      neighbor: "127.0.0.2",
      direction: "send",
      announced: [
        { prefix: "192.0.2.0/24", nextHop: "127.0.0.1" },
        { prefix: "198.51.100.0/24", nextHop: "127.0.0.1" },
        { prefix: "2001:db8::/48", nextHop: "2001:db8::1" },
      ],
      withdrawn: ["203.0.113.0/24"],
      attributes: { origin: "igp", med: 100 },
    },
  },
  { name: "an End-of-RIB", line: EOR, decoded: { kind: "event", type: "eor" } },
  {
    name: "an update as text",
    line: "neighbor 127.0.0.2 send update announced 192.0.2.0/24 next-hop 127.0.0.1 origin igp",
    decoded: {
      kind: "update",
      neighbor: "127.0.0.2",
      direction: "send",
      announced: [{ prefix: "192.0.2.0/24", nextHop: "127.0.0.1" }],
      withdrawn: [],
      attributes: {},
    },
  },
  {
    name: "a withdrawal as text",
    line: "neighbor 127.0.0.2 receive update withdrawn 192.0.2.0/24",
    decoded: {
      kind: "update",
      neighbor: "127.0.0.2",
      direction: "receive",
      announced: [],
      withdrawn: ["192.0.2.0/24"],
      attributes: {},
    },
  },
  {
    name: "the frame of an update as text",
    line: "neighbor 127.0.0.2 send update start",
    decoded: { kind: "event", type: "update" },
  },
  {
    name: "a keepalive as text",
    line: "neighbor 127.0.0.2 receive keepalive",
    decoded: { kind: "event", type: "keepalive" },
  },
  {
    name: "a notification",
    line: NOTIFICATION,
    decoded: { kind: "notification", neighbor: "127.0.0.2", code: 6, subcode: 2 },
  },
  {
    name: "a notification as text",
    line: "neighbor 127.0.0.2 receive notification code 6 subcode 2 data 00",
    decoded: { kind: "notification", neighbor: "127.0.0.2", code: 6, subcode: 2 },
  },
  {
    name: "shutdown",
    line: '{ "exabgp": "4.0.1", "type": "notification", "notification": "shutdown" }',
    decoded: { kind: "shutdown" },
  },
  { name: "shutdown as text", line: "shutdown 11644 11643", decoded: { kind: "shutdown" } },
  {
    name: "another event",
    line: '{ "exabgp": "4.0.1", "type": "keepalive" }',
    decoded: { kind: "event", type: "keepalive" },
  },
  {
    name: "a row of a listing of routes",
    line: "neighbor 127.0.0.2 local-ip 127.0.0.1 local-as 65001 ipv4 unicast 192.0.2.0/24 next-hop self",
    decoded: {
      kind: "text",
      text: "neighbor 127.0.0.2 local-ip 127.0.0.1 local-as 65001 ipv4 unicast 192.0.2.0/24 next-hop self",
    },
  },
  {
    name: "a neighbor that is no address",
    line: "neighbor evil up",
    decoded: { kind: "text", text: "neighbor evil up" },
  },
];

for (const { name, line, decoded } of cases) {
  test(`decodes ${name}`, () => {
    assert.deepEqual(decodeLine(line), decoded);
  });
}

const malformed = [
  { name: "half a line", line: '{ "exabgp": "4.0.1", "type": "sta' },
  { name: "no type", line: '{ "exabgp": "4.0.1" }' },
  { name: "a state without neighbor", line: '{ "exabgp": "4.0.1", "type": "state" }' },
  { name: "a state of another word", line: STATE_UP.replace('"up"', '"upish"') },
  { name: "a state of another type", line: STATE_UP.replace('"up"', '["up"]') },
  { name: "a neighbor that is no address", line: STATE_UP.replace("127.0.0.2", "shutdown") },
  { name: "an update without direction", line: UPDATE.replace('"direction"', '"way"') },
  {
    name: "a notification with texts for numbers",
    line: NOTIFICATION.replace('"code": 6', '"code": "6"'),
  },
];

for (const { name, line } of malformed) {
  test(`calls malformed: ${name}`, () => {
    assert.equal(decodeLine(line).kind, "malformed");
  });
}

test("wrong members of an update are left out, the right ones stay", () => {
  const line = UPDATE.replace(
    '{ "nlri": "192.0.2.0/24" }',
    '{ "nlri": 7 }, null, "192.0.2.1/24", { "nlri": { "toString": 1 } }',
  );
  const decoded = decodeLine(line);
  assert.equal(decoded.kind, "update");
  assert.deepEqual(decoded.kind === "update" && decoded.announced.map(({ prefix }) => prefix), [
    "198.51.100.0/24",
    "2001:db8::/48",
  ]);
});

test("a key __proto__ of a peer changes nothing", () => {
  decodeLine(
    '{ "exabgp": "1", "type": "state", "__proto__": { "polluted": true }, "neighbor": { "__proto__": { "state": "up" } } }',
  );
  assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  assert.equal(decodeLine('{ "__proto__": { "exabgp": 1, "type": "state" } }').kind, "json");
});

test("a peer's words become printable and short", () => {
  const decoded = decodeLine(
    STATE_DOWN.replace("Broken TCP", "\\u001b[31m\\nPéer" + "x".repeat(5000)),
  );
  assert.ok(decoded.kind === "session");
  assert.match(decoded.reason, /^[\x20-\x7e]{200}$/);
});

/** A sample line with pieces replaced, doubled, or cut. */
const mutated = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...cases.map(({ line }) => line)),
      fc.constantFrom(STATE_UP, STATE_DOWN, UPDATE, NOTIFICATION),
    ),
    fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 999 }),
        fc.integer({ min: 0, max: 4 }),
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.json(),
          fc.constantFrom(
            '"',
            "{",
            "}",
            "[",
            ",",
            ":",
            "null",
            "1e999",
            "__proto__",
            "0",
            "x",
            " ",
          ),
        ),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  )
  .map(([line, changes]) =>
    changes.reduce((text, [where, length, piece]) => {
      const at = Math.floor((where * text.length) / 1000);
      return text.slice(0, at) + piece + text.slice(at + length);
    }, line),
  );

test("no line makes it throw, and every answer has the promised types", () => {
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: "binary" }), fc.json()), (line) => {
      const decoded = decodeLine(line);
      kinds.set(decoded.kind, (kinds.get(decoded.kind) ?? 0) + 1);
      if (decoded.kind === "session") {
        assert.match(decoded.neighbor, /^[0-9a-f:.]+$/);
        assert.match(decoded.reason, /^[\x20-\x7e]{0,200}$/);
      }
      if (decoded.kind === "update") {
        for (const { prefix, nextHop } of decoded.announced) {
          assert.match(`${prefix} ${nextHop}`, /^[0-9a-f:.]+\/\d+ [0-9a-f:.]*$/);
        }
        for (const prefix of decoded.withdrawn) assert.match(prefix, /^[0-9a-f:.]+\/\d+$/);
      }
    }),
    { numRuns: 10_000 },
  );
  // Mutations that never break anything, or always do, would prove nothing.
  for (const kind of ["session", "update", "malformed", "text", "json"]) {
    assert.ok((kinds.get(kind) ?? 0) > 50, `${kind}: ${kinds.get(kind) ?? 0}`);
  }
});
