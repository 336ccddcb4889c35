import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseRecord, recordLine, type AuditRecord } from "../../src/control/audit-record.ts";
import { entryOf, recordOf } from "../../src/control/journal-entry.ts";

const RECORD: AuditRecord = {
  v: 1,
  seq: 7,
  at: "2026-01-01T00:00:00.000Z",
  pop: "fra1",
  service: "dns",
  from: "up",
  to: "drained",
  reason: "operator-drain",
  actor: "uid:1000(ann)",
  note: "CHG-1234",
  until: "2026-01-01T02:00:00.000Z",
  prefixes: ["192.0.2.0/24", "2001:db8:53::/48"],
  commands: ["withdraw route 192.0.2.0/24 next-hop self"],
  ack: "done",
  ackMs: 2.5,
  boot: "b1",
  agent: "0.1.0",
};

/** As `journalctl -o json` shows what `logger` was given: repeated fields are lists. */
function shown(entry: string): Record<string, unknown> {
  assert.ok(entry.endsWith("\n"));
  const fields: Record<string, string | string[]> = {};
  for (const line of entry.slice(0, -1).split("\n")) {
    const at = line.indexOf("=");
    assert.match(line.slice(0, at), /^[A-Z][A-Z_]*$/);
    assert.equal(line.trimEnd(), line, "logger drops white space at the end");
    const [name, value] = [line.slice(0, at), line.slice(at + 1)];
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

describe("an entry of the journal", () => {
  it("has the fields that operators look for", () => {
    assert.equal(
      entryOf(RECORD, "/var/lib/anyctl"),
      `MESSAGE_ID=180d03a09bc2494096d310def6500ab7
PRIORITY=5
MESSAGE=Service dns up -> drained: operator-drain by uid:1000(ann) until 2026-01-01T02:00:00.000Z, CHG-1234
SYSLOG_IDENTIFIER=anyctl
ANYCTL_STATE_DIR=/var/lib/anyctl
ANYCTL_V=1
ANYCTL_SEQ=7
ANYCTL_AT=2026-01-01T00:00:00.000Z
ANYCTL_POP=fra1
ANYCTL_SERVICE=dns
ANYCTL_FROM=up
ANYCTL_TO=drained
ANYCTL_REASON=operator-drain
ANYCTL_ACTOR=uid:1000(ann)
ANYCTL_NOTE=CHG-1234
ANYCTL_UNTIL=2026-01-01T02:00:00.000Z
ANYCTL_PREFIX=192.0.2.0/24
ANYCTL_PREFIX=2001:db8:53::/48
ANYCTL_COMMAND=withdraw route 192.0.2.0/24 next-hop self
ANYCTL_ACK=done
ANYCTL_ACK_MS=2.5
ANYCTL_BOOT=b1
ANYCTL_AGENT=0.1.0
`,
    );
  });

  it("cannot be given fields by a note", () => {
    const note = "x\nPRIORITY=0\nMESSAGE=fake\n\n\r\u001b[2J\u2028 \\n ";
    const fields = shown(entryOf({ ...RECORD, note }, "/s"));
    assert.deepEqual(
      [fields["PRIORITY"], fields["MESSAGE_ID"]],
      ["5", "180d03a09bc2494096d310def6500ab7"],
    );
    const escaped = String.raw`x\nPRIORITY=0\nMESSAGE=fake\n\n\r\u001b[2J\u2028 \\n\u0020`;
    assert.equal(fields["ANYCTL_NOTE"], escaped);
    assert.ok(String(fields["MESSAGE"]).endsWith(escaped));
  });

  it("becomes the same record again, whatever is in it", () => {
    let hostile = 0;
    const nasty = fc.constantFrom("\n", "\\", " ", "u", "n", "0", "=", "\u001b", "\ud800");
    const text = fc.string({ unit: fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 1 })) });
    fc.assert(
      fc.property(text, text, fc.array(text), (note, evidence, commands) => {
        const record = { ...RECORD, note, evidence, commands };
        const again = recordOf(shown(entryOf(record, "/s")));
        assert.deepEqual(again, record);
        assert.equal(again && recordLine(again), recordLine(record));
        if (/[\n\\]|\s$/.test(note)) hostile += 1;
      }),
      { numRuns: 500 },
    );
    assert.ok(hostile > 100, `only ${hostile} notes were hostile`);
  });

  it("with bytes in place of text, as journalctl shows what it cannot print, is read", () => {
    const fields = { ...shown(entryOf(RECORD, "/s")), ANYCTL_NOTE: [...Buffer.from("é")] };
    assert.equal(recordOf(fields)?.note, "é");
  });

  it("of thousands of prefixes stays below the limits of logger, and is then no whole record", () => {
    const prefixes = Array.from({ length: 5000 }, (_, nth) => `192.0.2.${nth}/32`);
    const commands = ["x".repeat(1_000_000), ...prefixes];
    const entry = entryOf({ ...RECORD, prefixes, commands }, "/s");
    assert.ok(entry.split("\n").length < 1024);
    assert.ok(entry.length < 100_000);
    const cut = "4600 of prefixes, 5000 of commands, text of commands";
    assert.equal(shown(entry)["ANYCTL_CUT"], cut);
    assert.equal(recordOf(shown(entry)), undefined);
  });

  it("of somebody else is no record", () => {
    assert.equal(recordOf({}), undefined);
    assert.equal(recordOf({ MESSAGE: "hello", ANYCTL_V: "1", ANYCTL_SEQ: "x" }), undefined);
  });
});

describe("a line of audit.jsonl", () => {
  it("has its fields in the documented order, and nothing that a terminal obeys", () => {
    const { at, v, ...rest } = { ...RECORD, note: "\u009b2J\u202e\n" };
    const line = recordLine({ ...rest, v, at });
    assert.match(line, /^\{"v":1,"seq":7,"at":"[^"]+","pop":"fra1","service":"dns","from":"up"/);
    assert.match(line, /^[\x20-\x7e]+$/);
    assert.deepEqual(parseRecord(line), { ...rest, v, at });
  });

  const foreign = [
    "",
    "{",
    "[]",
    "null",
    '"x"',
    '{"v":2}',
    JSON.stringify({ ...RECORD, seq: "7" }),
    JSON.stringify({ ...RECORD, at: "yesterday" }),
    JSON.stringify({ ...RECORD, note: ["x"] }),
    JSON.stringify({ ...RECORD, commands: [1] }),
    JSON.stringify({ ...RECORD, ack: "perhaps" }),
    recordLine(RECORD).slice(0, -1),
  ];
  for (const text of foreign) {
    it(`${text.slice(0, 60)} … is none`, () => assert.equal(parseRecord(text), undefined));
  }
});
