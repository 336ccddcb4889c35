import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import type { AuditRecord } from "../../src/control/audit-record.ts";
import { Journal, type JournalOptions } from "../../src/daemon/journal.ts";
import { journalFolder } from "../../src/daemon/journal-place.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock } from "./fixtures.ts";

const TIMING = { writeMs: undefined };

function recordOf(seq: number): AuditRecord {
  return {
    v: 1,
    seq,
    at: "2026-01-01T00:00:00.000Z",
    pop: "fra1",
    service: "dns",
    from: "up",
    to: "down",
    reason: "check-down",
    actor: "agent",
    prefixes: [],
    commands: [],
    boot: "b1",
    agent: "0.1.0",
  };
}

/** A journal whose `logger` is a shell script. */
function setUp(t: TestContext, script: string, options: Partial<JournalOptions> = {}) {
  const folder = temporaryFolder(t);
  const logger = join(folder, "logger");
  const write = (text: string) => {
    writeFileSync(logger, `#!/bin/sh\n${text}\n`);
    chmodSync(logger, 0o755);
  };
  if (script !== "") write(script.replaceAll("FOLDER", folder));
  const clock = manualClock();
  const problems: (string | undefined)[] = [];
  const missed: number[] = [];
  const lost: number[] = [];
  const journal = new Journal({
    stateDir: "/s",
    clock,
    logger,
    socketPath: folder,
    problem: (detail) => problems.push(detail),
    missed: ({ seq }) => missed.push(seq),
    lost: (count) => lost.push(count),
    ...options,
  });
  const file = (name: string) => readFileSync(join(folder, name), "utf8");
  return { folder, write, clock, problems, missed, lost, journal, file };
}

describe("Journal", () => {
  it("hands records over one after another, with nothing of this process", async (t) => {
    const { journal, problems, missed, file } = setUp(
      t,
      `test -e FOLDER/running && echo overlap >> FOLDER/seen
touch FOLDER/running
env > FOLDER/env; pwd > FOLDER/cwd; a=$(readlink /proc/$$/fd/0); b=$(readlink /proc/$$/fd/1); c=$(readlink /proc/$$/fd/2); printf '%s\\n' $a $b $c > FOLDER/fds
ls /proc/$$/fd | wc -l > FOLDER/count
echo "$@" >> FOLDER/seen; grep -E '^(ANYCTL_SEQ|MESSAGE_ID)=' >> FOLDER/seen
rm FOLDER/running`,
    );
    for (const seq of [1, 2, 3]) journal.append(recordOf(seq), TIMING);
    await journal.flush();
    const id = "MESSAGE_ID=449fe6b48efb4776b6a3e539279e3855";
    const entry = (seq: number) => `--journald\n${id}\nANYCTL_SEQ=${seq}\n`;
    assert.equal(file("seen"), entry(1) + entry(2) + entry(3));
    assert.deepEqual([problems, missed], [[undefined], []]);
    // The shell sets PWD and the like.
    assert.doesNotMatch(file("env"), /^(?:PATH|HOME|NODE\w*)=/m);
    assert.equal(file("cwd"), "/\n");
    assert.match(file("fds"), /^(?:socket|pipe):\S+\n\/dev\/null\n(?:socket|pipe):\S+\n$/);
    // Its three, the script, and the pipe to wc.
    assert.ok(Number(file("count")) <= 6, file("count"));
  });

  it("keeps what is refused, says so, and hands it over when it is taken again", async (t) => {
    const { journal, problems, missed, write, folder, clock, file } = setUp(
      t,
      "cat > /dev/null; echo 'no journald' >&2; exit 1",
    );
    journal.append(recordOf(1), TIMING);
    await journal.flush();
    journal.append(recordOf(2), TIMING);
    assert.deepEqual(problems, [
      "1 record is not in the journal: no journald",
      "2 records are not in the journal: no journald",
    ]);
    assert.deepEqual(missed, [1, 2]);
    write(`grep ^ANYCTL_SEQ= >> ${folder}/seen`);
    clock.advance(4999);
    await journal.flush();
    assert.equal(existsSync(join(folder, "seen")), false);
    clock.advance(1);
    await journal.flush();
    assert.equal(file("seen"), "ANYCTL_SEQ=1\nANYCTL_SEQ=2\n");
    assert.deepEqual([problems.at(-1), missed], [undefined, [1, 2]]);
  });

  it("without the program goes on like that", async (t) => {
    const { journal, problems, missed, write, clock } = setUp(t, "");
    journal.append(recordOf(1), TIMING);
    await journal.flush();
    assert.match(problems[0] ?? "", /^1 record is not in the journal: .*logger: not found$/);
    assert.deepEqual(missed, [1]);
    write("cat > /dev/null");
    clock.advance(5000);
    await journal.flush();
    assert.equal(problems.at(-1), undefined);
  });

  it("counts what does not fit, and tells when it is over", async (t) => {
    const { journal, problems, missed, lost, write, clock } = setUp(t, "exit 1", {
      queueMax: 2,
    });
    for (let seq = 1; seq <= 5; seq += 1) journal.append(recordOf(seq), TIMING);
    await journal.flush();
    assert.match(problems.at(-1) ?? "", /^5 records /);
    assert.equal(new Set(missed).size, 5);
    write("exit 0");
    clock.advance(5000);
    await journal.flush();
    assert.deepEqual([lost, problems.at(-1)], [[3], undefined]);
  });

  it("does not believe a program that has nobody to write to", async (t) => {
    const { journal, problems } = setUp(t, "exit 0", { socketPath: "/nowhere/socket" });
    journal.append(recordOf(1), TIMING);
    await journal.flush();
    assert.deepEqual(problems, ["1 record is not in the journal: there is no /nowhere/socket"]);
  });

  it("ends a program that hangs", async (t) => {
    const { journal, problems, file } = setUp(t, "echo $$ > FOLDER/pid; exec sleep 600", {
      // It is not tried again: the test would never end.
      clock: {
        ...systemTimers,
        wallMs: () => 0,
        after: (ms, then) => (ms > 1000 ? () => {} : systemTimers.after(ms, then)),
      },
      loggerMaxMs: 300,
    });
    journal.append(recordOf(1), TIMING);
    await journal.flush();
    assert.match(problems[0] ?? "", /took longer than 300 ms$/);
    const pid = file("pid").trim();
    await waitUntil("its end", () => !existsSync(`/proc/${pid}`) || undefined);
  });
});

describe("the journal's place", () => {
  const exists = existsSync("/run/systemd/journal") ? "/run/systemd/journal" : undefined;
  const cases = [
    { env: {}, folder: undefined },
    { env: { ANYCTL_JOURNAL: "off", INVOCATION_ID: "x" }, folder: undefined },
    { env: { INVOCATION_ID: "x" }, folder: exists },
    { env: { ANYCTL_JOURNAL: "on" }, folder: exists },
  ];
  for (const { env, folder } of cases) {
    it(JSON.stringify(env), () => assert.equal(journalFolder(env), folder));
  }
});
