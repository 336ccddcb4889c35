import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { mergeHistory } from "../../src/cli/audit-history.ts";
import { CommandError } from "../../src/cli/exit.ts";
import { sinceOf } from "../../src/cli/since.ts";
import { recordLine, type AuditRecord } from "../../src/control/audit-record.ts";
import { runCommand } from "../lab/command.ts";
import { waitUntil } from "../lab/wait.ts";
import { NOW, run } from "./fake-io.ts";
import { makePop } from "./pop.ts";

// Times are those of whoever looks.
process.env["TZ"] = "Europe/Berlin";

const EXPECTED = fileURLToPath(new URL("../../../test/cli/audit.txt", import.meta.url));
const ANYCTL = fileURLToPath(new URL("../../../bin/anyctl", import.meta.url));

function recordOf(seq: number, fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    v: 1,
    seq,
    at: `2026-01-01T00:00:0${seq % 10}.123Z`,
    pop: "fra1",
    service: "dns",
    from: "up",
    to: "down",
    reason: "check-down",
    actor: "agent",
    prefixes: ["192.0.2.0/24"],
    commands: [],
    boot: "b1",
    agent: "0.1.0",
    ...fields,
  };
}

const WITHDRAW = "withdraw route 192.0.2.0/24 next-hop self";
const { service: _service, ...ABOUT_POP } = recordOf(5);
const RECORDS: readonly AuditRecord[] = [
  recordOf(1, { from: "starting", to: "up", reason: "all-checks-up", ack: "done", ackMs: 1.5 }),
  recordOf(2, {
    check: "udp",
    evidence: "timeout: no answer in 500 ms",
    ack: "timeout",
    commands: [1, 2, 3, 4, 5].map((nth) => WITHDRAW.replace("0/24", `${nth}/32`)),
  }),
  recordOf(3, {
    service: "web",
    to: "drained",
    reason: "operator-drain",
    actor: "uid:1000(ann)",
    note: "x\n\u001b[31mred\u202e",
    until: "2026-01-01T02:00:00.000Z",
    commands: [WITHDRAW],
    ack: "error",
    ackMs: 12,
  }),
  { ...ABOUT_POP, seq: 4, reason: "session-down", neighbor: "198.51.100.1", evidence: "reset" },
];

function linesOf(records: readonly AuditRecord[]): string {
  return records.map((record) => `${recordLine(record)}\n`).join("");
}

function makeHistory(t: TestContext, text = linesOf(RECORDS)) {
  const pop = makePop(t);
  const path = join(pop.stateDir, "audit.jsonl");
  if (text !== "") writeFileSync(path, text);
  const audit = (...args: readonly string[]) => run(["audit", "--config", pop.configPath, ...args]);
  return { ...pop, path, audit };
}

describe("anyctl audit", () => {
  it("shows decisions as a table", async (t) => {
    const { audit, path } = makeHistory(t);
    const { status, out, err } = await audit();
    assert.deepEqual([status, err], [0, `anyctl: Records are from "${path}"\n`]);
    if (process.env["UPDATE_EXPECTED"] === "1") writeFileSync(EXPECTED, out);
    assert.equal(out, readFileSync(EXPECTED, "utf8"));
  });

  it("gives programs the lines of the file", async (t) => {
    const { audit } = makeHistory(t);
    assert.equal((await audit("--json")).out, linesOf(RECORDS));
    assert.equal((await audit("web", "--json")).out, linesOf(RECORDS.slice(2, 3)));
    // It is ten seconds past.
    assert.equal((await audit("--json", "--since", "7s")).out, linesOf(RECORDS.slice(2)));
    assert.equal(
      (await audit("--json", "--since", "2026-01-01T00:00:04Z")).out,
      linesOf(RECORDS.slice(3)),
    );
  });

  it("reads the rotated file too, and survives torn, foreign and hostile lines", async (t) => {
    const hostile = '\u001b[2J\n{"v":1,"seq":"1"}\n[]\nnull\n{"v":1,"seq":3,"at":"202';
    const { audit, path } = makeHistory(t, `${linesOf(RECORDS.slice(2))}${hostile}\n`);
    writeFileSync(`${path}.1`, `${linesOf(RECORDS.slice(0, 2))}{"v":1,"se`);
    const { out, err } = await audit("--json");
    assert.equal(out, linesOf(RECORDS));
    assert.match(err, /that are no records, perhaps torn: 6\n$/);
  });

  it("says when records are in neither source", async (t) => {
    const { audit } = makeHistory(t, linesOf([0, 1, 3].flatMap((at) => RECORDS[at] ?? [])));
    assert.match((await audit()).err, /in neither source: 1\n$/);
    assert.doesNotMatch((await audit("--since", "4s")).err, /neither source: [^1]/);
  });

  it("without records says so", async (t) => {
    const { audit } = makeHistory(t, "");
    const nothing = "anyctl: There are no such records\n";
    assert.deepEqual(await audit(), { status: 0, out: "", err: nothing });
    assert.deepEqual(await audit("web", "--json"), { status: 0, out: "", err: nothing });
  });

  it("refuses what is not there, cannot be, or cannot be read", async (t) => {
    const { audit, path } = makeHistory(t);
    const cases = [
      { args: ["dsn"], status: 1, err: /There is no service dsn; there are: dns, web/ },
      { args: ["../x"], status: 2, err: /Cannot use "\.\.\/x" as the name of a service/ },
      { args: ["--since", "2d"], status: 2, err: /Cannot use --since "2d": must be a duration/ },
      { args: ["--since", "\u001b[2J\n"], status: 2, err: /^anyctl: [\x20-\x7e]+\n$/ },
      { args: ["--since", "9".repeat(1 << 20)], status: 2, err: /^.{1,400}\n$/ },
    ];
    for (const { args, status, err } of cases) {
      const result = await audit(...args);
      assert.deepEqual([result.status, result.out], [status, ""], args[0]);
      assert.match(result.err.split("\n").slice(-2).join("\n"), err);
    }
    rmSync(path);
    mkdirSync(path);
    const unreadable = await audit();
    assert.equal(unreadable.status, 1);
    assert.match(
      unreadable.err,
      /Cannot read ".*audit\.jsonl" \(not a regular file\), and the journal shows no/,
    );
  });

  it("does not wait for the writer of a FIFO that stands in its place", async (t) => {
    const { configPath, path } = makeHistory(t, "");
    await runCommand("mkfifo", [path]);
    const answer = await run(["audit", "--config", configPath]);
    assert.equal(answer.status, 1);
    assert.match(answer.err, /Cannot read ".*audit\.jsonl" \(.*not a regular file\)/);
  });

  it("follows, over a rotation and a torn line, until nobody reads any more", async (t) => {
    const { configPath, path } = makeHistory(t, linesOf(RECORDS.slice(0, 1)));
    const child = spawn(ANYCTL, ["audit", "--follow", "--json", "--config", configPath], {
      env: { PATH: process.env["PATH"] },
    });
    t.after(() => child.kill());
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const shows = (count: number) =>
      waitUntil(`${count} records`, () => out === linesOf(RECORDS.slice(0, count)) || undefined, {
        hint: out,
      });
    await shows(1);
    const [, second = "", third = "", fourth = ""] = linesOf(RECORDS).split(/(?<=\n)/);
    appendFileSync(path, second.slice(0, 40));
    appendFileSync(path, second.slice(40));
    await shows(2);
    appendFileSync(path, third);
    renameSync(path, `${path}.1`);
    writeFileSync(path, fourth);
    await shows(4);
    child.stdout.destroy();
    const ended = once(child, "exit");
    appendFileSync(path, linesOf([recordOf(5), recordOf(6)]));
    await waitUntil("its end", () => {
      // The pipe breaks at the first write after its reader has gone, or at the next.
      appendFileSync(path, linesOf([recordOf(7, { at: new Date().toISOString() })]));
      return child.exitCode !== null || undefined;
    });
    assert.deepEqual(await ended, [0, null]);
  });
});

describe("history", () => {
  const [one = recordOf(1), two = recordOf(2), three = recordOf(3)] = RECORDS;
  const cases = [
    { journal: [one, two], file: [one, two], source: "journal", seqs: [1, 2] },
    { journal: [], file: [one, two], source: "file", seqs: [1, 2] },
    { journal: [two], file: [one, two], source: "file", seqs: [1, 2] },
    { journal: [one, two], file: [two], source: "journal", seqs: [1, 2] },
    { journal: [one, three], file: [one, two], source: "both", seqs: [1, 2, 3] },
  ];
  for (const { journal, file, source, seqs } of cases) {
    const name = `${journal.map(({ seq }) => seq).join()} and ${file.map(({ seq }) => seq).join()}`;
    it(`of ${name} is from ${source}`, () => {
      const merged = mergeHistory(journal, file);
      assert.deepEqual([merged.source, merged.records.map(({ seq }) => seq)], [source, seqs]);
    });
  }

  it("is in the order of decisions when the clock jumps, and after a reboot", () => {
    const late = { ...one, at: "2030-01-01T00:00:00.000Z" };
    const next = { ...one, boot: "b2", at: "2026-01-02T00:00:00.000Z" };
    const before = { ...one, boot: "b0", at: "2025-12-31T00:00:00.000Z" };
    const { records, missing } = mergeHistory([next, two, before], [three, late]);
    assert.deepEqual(records, [before, two, three, late, next].toSorted(byBootThenSeq));
    assert.equal(missing, 0);
  });

  function byBootThenSeq(left: AuditRecord, right: AuditRecord): number {
    return left.boot.localeCompare(right.boot) || left.seq - right.seq;
  }
});

describe("--since", () => {
  const nowMs = Date.parse(NOW);
  const local = (text: string) => new Date(text).getTime();
  const today = new Date(nowMs);
  const clock = (ms: number) =>
    [new Date(ms).getHours(), new Date(ms).getMinutes()]
      .map((part) => String(part).padStart(2, "0"))
      .join(":");
  const cases: readonly [string, number][] = [
    ["0s", nowMs],
    ["90m", nowMs - 5_400_000],
    ["720h", nowMs - 720 * 3_600_000],
    ["2025-12-31T23:00:00Z", nowMs - 3_610_000],
    ["2025-12-31 12:00", local("2025-12-31T12:00:00")],
    [clock(nowMs), today.setSeconds(0, 0)],
    [clock(nowMs - 3_600_000), new Date(nowMs - 3_600_000).setSeconds(0, 0)],
    [clock(nowMs + 3_600_000), new Date(nowMs - 23 * 3_600_000).setSeconds(0, 0)],
  ];
  for (const [text, wantedMs] of cases) {
    it(text, () => assert.equal(sinceOf(text, nowMs), wantedMs));
  }
  for (const text of ["", "yesterday", "5", "-5m", "2026-02-30 10:00", "25:00", "1h30m"]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => sinceOf(text, nowMs), CommandError));
  }
});
