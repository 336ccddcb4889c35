import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { AuditRecord } from "../../src/control/audit-record.ts";
import { KINDS, kindOf } from "../../src/control/record-kinds.ts";
import { sentenceOf } from "../../src/control/record-sentence.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { runCommand } from "../lab/command.ts";

const CATALOG = fileURLToPath(new URL("../../../systemd/anyctl.catalog", import.meta.url));

const BASE: AuditRecord = {
  v: 1,
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  pop: "fra1",
  service: "dns",
  reason: "check-down",
  actor: "agent",
  prefixes: [],
  commands: [],
  boot: "b1",
  agent: "0.1.0",
};

const withdraw = "withdraw route 192.0.2.0/24 next-hop self";
const cases: readonly [Partial<AuditRecord>, string, number, string][] = [
  [
    { from: "up", to: "down", check: "udp", evidence: "timeout: no answer", commands: [withdraw] },
    "withdrawn",
    3,
    "Service dns up -> down: check-down, udp: timeout: no answer; 1 command written",
  ],
  [
    { reason: "dead-man", evidence: "the event loop stood still for 1.5 s", commands: [withdraw] },
    "dead-man",
    2,
    "Service dns: dead-man by agent, the event loop stood still for 1.5 s; 1 command written",
  ],
  [
    { from: "starting", to: "up", reason: "all-checks-up" },
    "announced",
    5,
    "Service dns starting -> up: all-checks-up",
  ],
  [
    { from: "up", to: "draining", reason: "operator-drain", actor: "uid:0(root)", note: "x" },
    "drain",
    5,
    "Service dns up -> draining: operator-drain by uid:0(root), x",
  ],
  [
    {
      from: "draining",
      to: "drained",
      reason: "maintenance-window",
      until: "T",
      actor: "schedule",
    },
    "drain",
    5,
    "Service dns draining -> drained: maintenance-window by schedule until T",
  ],
  [
    { from: "drained", to: "starting", reason: "check-unknown", actor: "uid:0" },
    "undrain",
    5,
    "Service dns drained -> starting: check-unknown by uid:0",
  ],
  [
    { from: "down", to: "pinned", reason: "pinned", actor: "uid:0", until: "T", note: "x" },
    "pin",
    5,
    "Service dns down -> pinned: pinned by uid:0 until T, x",
  ],
  [
    { from: "down", to: "held", reason: "flapping", until: "T", check: "udp" },
    "held",
    4,
    "Service dns down -> held: flapping until T, udp",
  ],
  [
    { from: "held", to: "up", reason: "all-checks-up", actor: "uid:0(root)", note: "mended" },
    "announced",
    5,
    "Service dns held -> up: all-checks-up by uid:0(root), mended",
  ],
  [
    { from: "down", to: "down", reason: "hold-cleared", actor: "uid:0(root)", note: "mended" },
    "undrain",
    5,
    "Service dns down -> down: hold-cleared by uid:0(root), mended",
  ],
  [
    { from: "drained", to: "drained", reason: "undrained", actor: "uid:1" },
    "undrain",
    5,
    "Service dns drained -> drained: undrained by uid:1",
  ],
  [
    { from: "drained", to: "drained", reason: "pinned", actor: "uid:1", note: "x" },
    "pin",
    5,
    "Service dns drained -> drained: pinned by uid:1, x",
  ],
  [
    { from: "drained", to: "drained", reason: "unpinned", actor: "uid:1" },
    "unpin",
    5,
    "Service dns drained -> drained: unpinned by uid:1",
  ],
  [
    { from: "pinned", to: "up", reason: "all-checks-up" },
    "unpin",
    5,
    "Service dns pinned -> up: all-checks-up by agent",
  ],
  [{ from: "pinned", to: "down" }, "withdrawn", 3, "Service dns pinned -> down: check-down"],
  [
    { from: "pinned", to: "down", actor: "uid:0", note: "x" },
    "withdrawn",
    3,
    "Service dns pinned -> down: check-down by uid:0, x",
  ],
  [
    { from: "drained", to: "pinned", reason: "pinned", actor: "uid:0", note: "x" },
    "undrain",
    5,
    "Service dns drained -> pinned: pinned by uid:0, x",
  ],
  [
    { from: "drained", to: "drained", reason: "pinned", actor: "uid:0", until: "T", note: "x" },
    "pin",
    5,
    "Service dns drained -> drained: pinned by uid:0 until T, x",
  ],
  [
    { from: "drained", to: "drained", reason: "undrained", actor: "uid:0", note: "x" },
    "undrain",
    5,
    "Service dns drained -> drained: undrained by uid:0, x",
  ],
  [
    { from: "drained", to: "drained", reason: "unpinned", actor: "schedule" },
    "unpin",
    5,
    "Service dns drained -> drained: unpinned by schedule",
  ],
  [
    { from: "up", to: "removed", reason: "not-configured", commands: [withdraw, withdraw] },
    "removed",
    3,
    "Service dns is no longer configured: 2 commands written by agent",
  ],
  [
    { from: "up", to: "up", reason: "reconfigured", actor: "unknown" },
    "reconfigured",
    5,
    "Service dns is announced in another way: reconfigured by unknown",
  ],
  [
    { from: "up", to: "stopping", reason: "stopping" },
    "stopping",
    5,
    "Service dns is judged no longer: the agent stops, routes stay",
  ],
  [
    { from: "up", to: "starting", reason: "check-unknown" },
    "judging",
    6,
    "Service dns up -> starting: check-unknown",
  ],
  [
    { from: "down", to: "held", reason: "flapping" },
    "held",
    4,
    "Service dns down -> held: flapping",
  ],
  [
    { from: "up", to: "degraded", reason: "check-degraded", check: "b" },
    "degraded",
    4,
    "Service dns up -> degraded: check-degraded, b",
  ],
];

const occurrences: readonly [Partial<AuditRecord>, string, number, string][] = [
  [
    { reason: "mass-withdrawal", actor: "unknown", note: "would withdraw 2 of 2" },
    "refused",
    4,
    "PoP fra1: mass-withdrawal by unknown, would withdraw 2 of 2",
  ],
  [
    { reason: "invalid-configuration", actor: "unknown", note: "a.yaml:1:1: services is missing" },
    "refused",
    4,
    "PoP fra1: invalid-configuration by unknown, a.yaml:1:1: services is missing",
  ],
  [
    { reason: "reloaded", actor: "uid:1000(ann)", note: "1 announced" },
    "reloaded",
    5,
    "PoP fra1: reloaded by uid:1000(ann), 1 announced",
  ],
  [
    { reason: "session-down", neighbor: "198.51.100.1", from: "up", to: "down", evidence: "reset" },
    "session-down",
    3,
    "Session with 198.51.100.1 is down, reset",
  ],
  [
    { reason: "session-up", neighbor: "198.51.100.1", to: "up" },
    "session-up",
    5,
    "Session with 198.51.100.1 is up",
  ],
  [
    { reason: "repeated", commands: [withdraw, withdraw, withdraw] },
    "repeated",
    5,
    `PoP fra1: repeated by agent: ${withdraw} and 2 more`,
  ],
  [
    { reason: "drift", evidence: "missing at 198.51.100.1", commands: [withdraw] },
    "drift",
    4,
    `PoP fra1: drift, missing at 198.51.100.1: ${withdraw}`,
  ],
  [{ reason: "something-new", actor: "uid:0" }, "other", 5, "PoP fra1: something-new by uid:0"],
];

describe("the kind, priority and sentence of a record", () => {
  const { service: _, ...pop } = BASE;
  const all = [
    ...cases.map(([fields, ...rest]) => [{ ...BASE, ...fields }, ...rest] as const),
    ...occurrences.map(([fields, ...rest]) => [{ ...pop, ...fields }, ...rest] as const),
  ];
  for (const [record, kind, priority, sentence] of all) {
    it(sentence, () => {
      const name = kindOf(record);
      assert.deepEqual(
        [name, KINDS[name].priority, sentenceOf(record)],
        [kind, priority, sentence],
      );
    });
  }

  it("has a row for every kind but the one that nothing makes yet", () => {
    const shown = new Set(all.map(([record]) => kindOf(record)));
    assert.deepEqual(
      Object.keys(KINDS).filter((name) => ![...shown].some((one) => one === name)),
      ["guarded"],
    );
  });

  it("cuts long texts", () => {
    assert.ok(sentenceOf({ ...BASE, to: "drained", note: "x".repeat(9999) }).length < 300);
  });
});

describe("the catalog", () => {
  it("explains each kind once, and nothing else", () => {
    const ids = [...readFileSync(CATALOG, "utf8").matchAll(/^-- (\S+)$/gm)].map(([, id]) => id);
    assert.deepEqual(
      ids,
      Object.values(KINDS).map(({ messageId }) => messageId),
    );
    for (const id of ids) assert.match(id ?? "", /^[0-9a-f]{32}$/);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("is taken by journalctl", async (t) => {
    const root = temporaryFolder(t);
    mkdirSync(join(root, "usr/lib/systemd/catalog"), { recursive: true });
    cpSync(CATALOG, join(root, "usr/lib/systemd/catalog/anyctl.catalog"));
    mkdirSync(join(root, "var/lib/systemd/catalog"), { recursive: true });
    await runCommand("journalctl", ["--update-catalog", `--root=${root}`]);
    const listed = await runCommand("journalctl", ["--list-catalog", `--root=${root}`]);
    for (const { messageId } of Object.values(KINDS)) assert.ok(listed.includes(messageId), listed);
    assert.match(
      listed,
      /449fe6b48efb4776b6a3e539279e3855 anyctl: Service @ANYCTL_SERVICE@ is down/,
    );
  });
});
