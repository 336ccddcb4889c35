/** Records of decisions, with the words of operators and peers in them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isRecord,
  parseRecord,
  recordLine,
  type AuditRecord,
} from "../../../src/control/audit-record.ts";
import { entryOf, recordOf } from "../../../src/control/journal-entry.ts";
import { UNSAFE } from "../../../src/control/unsafe-text.ts";
import { target } from "../target.ts";
import { jsonOf, mutated, nasty, oddJson } from "../texts.ts";

const text = fc.oneof(
  { weight: 12, arbitrary: nasty },
  { weight: 1, arbitrary: fc.constant("x".repeat(40_000)) },
  {
    weight: 12,
    arbitrary: fc
      .array(fc.oneof(nasty, fc.constantFrom("\\", "n", "u", "=", "PRIORITY=0", "\n\n")), {
        maxLength: 6,
      })
      .map((all) => all.join("")),
  },
);
const FIELDS = {
  v: fc.constant(1),
  seq: fc.nat(),
  at: fc.constant("2026-01-01T00:00:00.000Z"),
  pop: text,
  service: text,
  from: fc.constantFrom("up", "down"),
  to: fc.constantFrom("drained", "up", "removed"),
  reason: fc.constantFrom("operator-drain", "check-down", "drift", "canary", "dead-man"),
  actor: text,
  note: text,
  until: text,
  evidence: text,
  neighbor: text,
  prefixes: fc.array(text, { maxLength: 3 }),
  commands: fc.array(text, { maxLength: 3 }),
  ack: fc.constantFrom("done", "error", "timeout"),
  ackMs: fc.nat(),
  boot: text,
  agent: text,
};
const optional = new Set([
  "service",
  "from",
  "to",
  "note",
  "until",
  "evidence",
  "neighbor",
  "ack",
  "ackMs",
]);
const record = fc.record(FIELDS, {
  noNullPrototype: true,
  requiredKeys: Object.keys(FIELDS).filter((key) => !optional.has(key)) as never,
}) as fc.Arbitrary<AuditRecord>;

/** As `journalctl -o json` shows what `logger` was given: repeated fields are lists. */
function shown(entry: string): Record<string, string | string[]> {
  assert.ok(entry.endsWith("\n"));
  const fields: Record<string, string | string[]> = {};
  for (const line of entry.slice(0, -1).split("\n")) {
    const [name = "", ...rest] = line.split("=");
    assert.match(name, /^[A-Z][A-Z_]*$/);
    assert.equal(line.trimEnd(), line, "logger drops white space at the end");
    assert.doesNotMatch(line, UNSAFE);
    const before = fields[name];
    const value = rest.join("=");
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

export const JOURNAL = target(
  "journal",
  "no record has a field or a line that is not its own, and each can be read again",
  () => {
    const reached = { written: 0, cut: 0, foreign: 0, read: 0 };
    return {
      reached,
      input: fc.oneof(
        fc.record({ record, stateDir: text }),
        fc.record({ line: fc.oneof(mutated(record.map(recordLine)), jsonOf(FIELDS), oddJson) }),
      ),
      attempt(input) {
        if ("line" in input) {
          const parsed = parseRecord(input.line);
          reached[parsed === undefined ? "foreign" : "read"] += 1;
          if (parsed === undefined) return;
          assert.ok(isRecord(parsed));
          // Of an older or a newer version it may have fields that are unknown here.
          assert.doesNotMatch(recordLine(parsed), UNSAFE);
          return;
        }
        const fields = shown(entryOf(input.record, input.stateDir));
        assert.match(String(fields["PRIORITY"]), /^[2-7]$/);
        assert.match(String(fields["MESSAGE_ID"]), /^[0-9a-f]{32}$/);
        assert.equal(fields["SYSLOG_IDENTIFIER"], "anyctl");
        const line = recordLine(input.record);
        assert.doesNotMatch(line, UNSAFE);
        assert.deepEqual(parseRecord(line), input.record);
        if (fields["ANYCTL_CUT"] === undefined) assert.deepEqual(recordOf(fields), input.record);
        reached[fields["ANYCTL_CUT"] === undefined ? "written" : "cut"] += 1;
      },
    };
  },
);
