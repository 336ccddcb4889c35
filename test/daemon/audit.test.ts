import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Settlement } from "exabgp-ts-bridge";
import type { Transition } from "../../src/core/inputs.ts";
import type { Command } from "../../src/core/routes.ts";
import type { AuditRecord } from "../../src/control/audit-record.ts";
import { AuditDesk } from "../../src/daemon/audit.ts";
import { AuditFile } from "../../src/daemon/audit-file.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { runCommand } from "../lab/command.ts";
import { sessionRecord, SessionLog } from "../../src/daemon/session-log.ts";
import { manualClock, memoryLog } from "./fixtures.ts";

const ORIGIN = { pop: "fra1", boot: "b1", agent: "0.1.0" };
const DOWN: Transition = {
  type: "transition",
  decision: 7,
  service: "dns",
  from: "up",
  to: "down",
  reason: "check-down",
  actor: "agent",
  note: "",
  until: undefined,
  check: "udp",
  evidence: { reason: "timeout", detail: "no answer in 500 ms" },
  prefixes: ["192.0.2.0/24"],
  detectMs: 1001.2345,
};

function settlement(
  outcome: Settlement["outcome"],
  line: string | undefined,
  ackMs = 3,
): Settlement {
  return { outcome, line, writtenAtMs: 1000.5, ackMs, detail: "" };
}

function commands(count: number): Command[] {
  return Array.from({ length: count }, (_, nth) => ({
    type: "withdraw",
    route: { prefix: `192.0.2.${nth}/32`, nextHop: "self" },
    change: nth + 1,
    decision: DOWN.decision,
  }));
}

function desk() {
  const clock = manualClock();
  const records: (Omit<AuditRecord, "seq"> & { writeMs?: number | undefined })[] = [];
  const audit = new AuditDesk(clock, ORIGIN, (record, { writeMs }) =>
    records.push({ ...record, writeMs }),
  );
  return { audit, records };
}

describe("AuditDesk", () => {
  it("hands over one flat record when the last answer is there", () => {
    const { audit, records } = desk();
    audit.decided(DOWN, commands(2));
    audit.answered(7, settlement("done", "withdraw route 192.0.2.0/24 next-hop self", 2.5));
    assert.deepEqual(records, []);
    audit.answered(7, settlement("done", "withdraw route 198.51.100.0/24 next-hop self", 4));
    assert.deepEqual(records, [
      {
        v: 1,
        at: "2026-01-01T00:00:00.000Z",
        ...ORIGIN,
        service: "dns",
        from: "up",
        to: "down",
        reason: "check-down",
        actor: "agent",
        check: "udp",
        evidence: "timeout: no answer in 500 ms",
        prefixes: ["192.0.2.0/24"],
        commands: [
          "withdraw route 192.0.2.0/24 next-hop self",
          "withdraw route 198.51.100.0/24 next-hop self",
        ],
        ack: "done",
        ackMs: 4,
        detectMs: 1001.23,
        writeMs: 0.5,
      },
    ]);
  });

  const worst = [
    { outcomes: ["done", "error", "timeout"], ack: "error" },
    { outcomes: ["done", "timeout"], ack: "timeout" },
    { outcomes: ["done", "closed"], ack: "timeout" },
    { outcomes: ["done"], ack: "done" },
    { outcomes: ["unconfirmed", "unconfirmed"], ack: undefined },
    { outcomes: ["unconfirmed", "closed"], ack: "timeout" },
  ] as const;
  for (const { outcomes, ack } of worst) {
    it(`says ${ack ?? "nothing"} for ${outcomes.join(", ")}`, () => {
      const { audit, records } = desk();
      audit.decided(DOWN, commands(outcomes.length));
      for (const outcome of outcomes) audit.answered(7, settlement(outcome, "x"));
      assert.equal(records[0]?.ack, ack);
    });
  }

  it("records a decision without commands at once, and one without answers before exit", () => {
    const { audit, records } = desk();
    audit.decided({ ...DOWN, decision: 8 }, []);
    assert.deepEqual(records[0]?.commands, []);
    audit.decided(DOWN, commands(1));
    assert.equal(records.length, 1);
    audit.flush();
    assert.equal(records.length, 2);
  });

  it("says when the order ends by itself", () => {
    const { audit, records } = desk();
    audit.decided({ ...DOWN, to: "drained", until: "2026-01-01T02:00:00.000Z" }, []);
    assert.equal(records[0]?.until, "2026-01-01T02:00:00.000Z");
  });
});

describe("SessionLog", () => {
  it("records changes, not what a new agent finds, nor repetitions", () => {
    const { audit, records } = desk();
    const sessions = new SessionLog(memoryLog().log, (event, before) => {
      const record = sessionRecord(event, before);
      if (record !== undefined) audit.occurred(record);
    });
    const heard = (neighbor: string, state: "up" | "down" | "connected", reason = "") =>
      sessions.heard({ neighbor, state, reason });
    heard("198.51.100.1", "up", "listed");
    heard("198.51.100.2", "connected");
    heard("198.51.100.2", "up");
    heard("198.51.100.1", "down", "peer reset, message (hold timer expired)");
    heard("198.51.100.1", "connected");
    heard("198.51.100.1", "down", "peer reset, again");
    heard("198.51.100.1", "up");
    assert.deepEqual(
      records.map(({ reason, neighbor, from, to, evidence }) => [
        reason,
        neighbor,
        from,
        to,
        evidence,
      ]),
      [
        ["session-up", "198.51.100.2", undefined, "up", undefined],
        ["session-down", "198.51.100.1", "up", "down", "peer reset, message (hold timer expired)"],
        ["session-up", "198.51.100.1", "down", "up", undefined],
      ],
    );
  });
});

it("the record of a lost session says what it may have been lost by, one that is back does not", () => {
  const lost = { neighbor: "198.51.100.1", state: "down", reason: "hold timer" } as const;
  const back = { neighbor: "198.51.100.1", state: "up", reason: "" } as const;
  const suspicion = "the clock was set back by 60 s, 9 s ago";
  assert.equal(sessionRecord(lost, "up", suspicion)?.note, suspicion);
  assert.equal(sessionRecord(lost, "up", undefined)?.note, undefined);
  assert.equal(sessionRecord(back, "down", suspicion)?.note, undefined);
});

describe("AuditFile", () => {
  const record = {
    v: 1,
    at: "2026-01-01T00:00:00.000Z",
    ...ORIGIN,
    reason: "check-down",
    actor: "agent",
    prefixes: [],
    commands: [],
  } as const;
  const noProblem = (detail: string | undefined) => assert.equal(detail, undefined);
  const noLoss = () => assert.fail("nothing is lost");
  const fileOf = (stateDir: string, boot = "b1", problem = noProblem) =>
    new AuditFile({ stateDir, boot, clock: manualClock(), problem, lost: noLoss });
  const seqOf = (line: string) => (JSON.parse(line) as AuditRecord).seq;

  it("numbers without gaps, over a respawn too, and anew after a reboot", async (t) => {
    const folder = temporaryFolder(t);
    const one = fileOf(folder);
    one.append(record);
    one.append(record);
    await one.flush();
    // A crash tore the last line of the life before.
    appendFileSync(join(folder, "audit.jsonl"), '{"v":1,"seq":3,"boot":"b');
    const two = fileOf(folder);
    assert.equal(two.append(record).seq, 3);
    await two.flush();
    const rebooted = fileOf(folder, "b2");
    assert.equal(rebooted.append({ ...record, boot: "b2" }).seq, 1);
    await rebooted.flush();
    const lines = readFileSync(join(folder, "audit.jsonl"), "utf8").trimEnd().split("\n");
    const whole = lines.filter((line) => line.endsWith("}")).map((line) => seqOf(line));
    assert.deepEqual([lines.length, whole], [5, [1, 2, 3, 1]]);
  });

  it("is rotated, and goes on counting", async (t) => {
    const folder = temporaryFolder(t);
    const big = `${JSON.stringify({ ...record, seq: 41, pad: "x".repeat(9 << 20) })}\n`;
    writeFileSync(join(folder, "audit.jsonl"), big);
    const file = fileOf(folder);
    file.append(record);
    await file.flush();
    assert.equal(seqOf(readFileSync(join(folder, "audit.jsonl"), "utf8")), 42);
    assert.equal(statSync(join(folder, "audit.jsonl.1")).size, big.length);
    const next = fileOf(folder);
    assert.equal(next.append(record).seq, 43);
    await next.flush();
  });

  it("is not read as a whole at the start, and foreign lines at its end do not matter", async (t) => {
    const folder = temporaryFolder(t);
    const lines = Array.from({ length: 15_000 }, (_, nth) =>
      JSON.stringify({ ...record, seq: nth + 1, pad: "x".repeat(300) }),
    );
    writeFileSync(join(folder, "audit.jsonl"), `${lines.join("\n")}\n[]\n{"v":1}\nx`);
    const beganMs = performance.now();
    const file = fileOf(folder);
    const tookMs = performance.now() - beganMs;
    const wholeMs = timeOf(() => lines.map((line) => JSON.parse(line)));
    assert.ok(tookMs < wholeMs / 4, `${tookMs} ms, and ${wholeMs} ms for all lines`);
    assert.equal(file.append(record).seq, 15_001);
    await file.flush();
    assert.match(readFileSync(join(folder, "audit.jsonl"), "utf8"), /\nx\n\{"v":1,"seq":15001,/);
  });

  it("keeps what cannot be written, says so, and writes it when the disk takes it again", async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, "audit.jsonl"));
    const clock = manualClock();
    const problems: (string | undefined)[] = [];
    const problem = (detail: string | undefined) =>
      problems.push(detail?.replace(/ not on disk:.*/s, ""));
    const file = new AuditFile({ stateDir: folder, boot: "b1", clock, problem, lost: noLoss });
    assert.equal(file.append(record).seq, 1);
    await file.flush();
    file.append(record);
    await file.flush();
    assert.deepEqual(problems, ["1 record is", "2 records are"]);
    rmdirSync(join(folder, "audit.jsonl"));
    clock.advance(5000);
    await file.flush();
    assert.equal(problems.at(-1), undefined);
    const lines = readFileSync(join(folder, "audit.jsonl"), "utf8").trimEnd().split("\n");
    assert.deepEqual(lines.map(seqOf), [1, 2]);
  });

  it("goes on after a disk that has refused two records, one after the other", async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, "audit.jsonl"));
    const clock = manualClock();
    const options = { stateDir: folder, boot: "b1", clock, problem() {}, lost: noLoss };
    const file = new AuditFile(options);
    file.append(record);
    await file.flush();
    clock.advance(2000);
    file.append(record);
    await file.flush();
    assert.equal(clock.pending, 1, "one attempt every 5 s, however many records wait");
    rmdirSync(join(folder, "audit.jsonl"));
    for (const ms of [3000, 2000]) {
      clock.advance(ms);
      await file.flush();
    }
    file.append(record);
    await file.flush();
    const lines = readFileSync(join(folder, "audit.jsonl"), "utf8").trimEnd().split("\n");
    assert.deepEqual(lines.map(seqOf), [1, 2, 3]);
  });

  it("waits for nobody where there is a FIFO instead, and says so", async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, "audit.jsonl");
    await runCommand("mkfifo", [path]);
    const clock = manualClock();
    const problems: (string | undefined)[] = [];
    const problem = (detail: string | undefined) => problems.push(detail);
    const file = new AuditFile({ stateDir: folder, boot: "b1", clock, problem, lost: noLoss });
    file.append(record);
    await file.flush();
    assert.match(problems.at(-1) ?? "", /^1 record is not on disk: .*ENXIO/);
    // With a reader it could be opened.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    t.after(() => closeSync(reader));
    clock.advance(5000);
    await file.flush();
    assert.match(problems.at(-1) ?? "", /^1 record is not on disk: .* is not a regular file$/);
    rmSync(path);
    clock.advance(5000);
    await file.flush();
    assert.equal(problems.at(-1), undefined);
  });
});

function timeOf(work: () => unknown): number {
  const beganMs = performance.now();
  work();
  return performance.now() - beganMs;
}
