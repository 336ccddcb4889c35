import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ReloadAnswer } from "../../src/control/reload-protocol.ts";
import type { ReloadDiff } from "../../src/core/diff.ts";
import { reloadRecord } from "../../src/daemon/reload-record.ts";

const DIFF: ReloadDiff = {
  announced: 1,
  lost: 1,
  massWithdrawal: false,
  now: { withdrawn: ["192.0.2.0/24"], changed: [], announced: ["203.0.113.0/24"] },
  later: [],
  services: { added: [], removed: [], changed: [] },
  decisions: [],
  prefixes: [],
  checks: [],
  unchanged: { services: 0, prefixes: 0, checks: 0 },
};

const TOLD: ReloadAnswer = {
  outcome: "reloaded",
  actor: "uid:1000(ann)",
  from: "a".repeat(64),
  to: "b".repeat(64),
  problems: [],
  warnings: [],
  settings: { now: [], atRestart: [] },
  diff: DIFF,
};

describe("reloadRecord", () => {
  it("says who asked for it, both hashes, and what changed on the wire", () => {
    assert.deepEqual(reloadRecord(TOLD), {
      reason: "reloaded",
      actor: "uid:1000(ann)",
      note: "at once 1 announced, 0 changed, 1 withdrawn",
      configFrom: "aaaaaaaaaaaa",
      configTo: "bbbbbbbbbbbb",
      prefixes: ["192.0.2.0/24", "203.0.113.0/24"],
    });
  });

  it("of a refusal says why", () => {
    const diff = { ...DIFF, massWithdrawal: true };
    const { reason, note, prefixes } = reloadRecord({ ...TOLD, outcome: "mass-withdrawal", diff });
    assert.equal(reason, "mass-withdrawal");
    assert.equal(note, "would withdraw 1 of 1 announced prefixes");
    assert.deepEqual(prefixes, ["192.0.2.0/24"]);
  });

  it("says that it was forced, where that made a difference", () => {
    const { note } = reloadRecord({ ...TOLD, diff: { ...DIFF, massWithdrawal: true } });
    assert.equal(note, "at once 1 announced, 0 changed, 1 withdrawn; forced");
  });

  it("of an invalid file says its first mistake, and how many more there are", () => {
    const { diff: _, ...told } = TOLD;
    const problems = ["x".repeat(1000), "two", "three"];
    const record = reloadRecord({ ...told, outcome: "invalid-configuration", to: "", problems });
    assert.equal(record.note, `${"x".repeat(300)}; and 2 more`);
    assert.deepEqual([record.configTo, record.prefixes], [undefined, []]);
  });
});
