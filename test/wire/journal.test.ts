// The agent's records in a real systemd-journald, and what becomes of them when it, or the disk, is not there.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { AuditRecord } from "../../src/control/audit-record.ts";
import { entryOf } from "../../src/control/journal-entry.ts";
import {
  ANYCTL,
  createSite,
  ScriptedExabgp,
  type Site,
  webConfig,
} from "../daemon/scripted-exabgp.ts";
import { manyPrefixes } from "../lab/switches.ts";
import { waitUntil } from "../lab/wait.ts";
import { PrivateJournal } from "./journald.ts";

const HOSTILE = "x\nPRIORITY=0\nMESSAGE=fake\n\n\u001b[2J\u009b2J\u202e \\n \u0000 ";

const REAL: AuditRecord = {
  v: 1,
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  pop: "test1",
  service: "web",
  from: "up",
  to: "down",
  reason: "check-down",
  actor: "agent",
  prefixes: [],
  commands: [],
  boot: "b1",
  agent: "0.1.0",
};

async function announced(t: TestContext, env: Readonly<Record<string, string>>) {
  const site = await createSite(t);
  const journal = await PrivateJournal.start(t);
  const exabgp = new ScriptedExabgp(site, [], { wrap: journal.wrap, env });
  await exabgp.waitForCommands(1);
  return { site, journal, exabgp };
}

function waitForEntries(journal: PrivateJournal, count: number, ...matches: readonly string[]) {
  return waitUntil(`${count} entries`, async () => {
    const entries = await journal.entries(...matches);
    return entries.length >= count ? entries : undefined;
  });
}

function linesOf(site: Site): string {
  return readFileSync(join(site.stateDir, "audit.jsonl"), "utf8");
}

describe("a real journald", () => {
  it("has every decision with its fields, whatever is in the operator's reason", async (t) => {
    const { site, journal, exabgp } = await announced(t, { ANYCTL_JOURNAL: "on" });
    site.drain("web", JSON.stringify({ reason: HOSTILE }));
    const [withdrawal] = (await exabgp.waitForCommands(2)).slice(1);
    const entries = await waitForEntries(journal, 2, "ANYCTL_SERVICE=web");
    const {
      _UID: uid,
      ANYCTL_AT: at,
      ANYCTL_ACK_MS: ackMs,
      MESSAGE: message,
      ...entry
    } = entries[1] ?? {};
    // journald asks for the program behind an entry after it has ended, often: its name may be missing.
    assert.equal(uid, "0");
    assert.match(String(at), /^\d{4}-.*Z$/);
    assert.match(String(ackMs), /^[\d.]+$/);
    assert.match(
      String(message),
      /^Service web up -> drained: operator-drain by uid:0\(root\), x\\nPRIO/,
    );
    const expected = {
      MESSAGE_ID: "180d03a09bc2494096d310def6500ab7",
      PRIORITY: "5",
      SYSLOG_IDENTIFIER: "anyctl",
      ANYCTL_V: "1",
      ANYCTL_SEQ: "2",
      ANYCTL_POP: "test1",
      ANYCTL_SERVICE: "web",
      ANYCTL_FROM: "up",
      ANYCTL_TO: "drained",
      ANYCTL_REASON: "operator-drain",
      ANYCTL_ACTOR: "uid:0(root)",
      ANYCTL_NOTE: String.raw`x\nPRIORITY=0\nMESSAGE=fake\n\n\u001b[2J\u009b2J\u202e \\n \u0000\u0020`,
      ANYCTL_PREFIX: "192.0.2.0/24",
      ANYCTL_COMMAND: withdrawal,
      ANYCTL_ACK: "done",
      ANYCTL_STATE_DIR: site.stateDir,
    };
    assert.deepEqual({ ...entry, ...expected }, entry);
    assert.deepEqual(await journal.entries("MESSAGE=fake"), []);
    assert.deepEqual(await journal.entries("PRIORITY=0"), []);

    // The log is there too, under the same name, and each decision is there once.
    const log = await journal.entries("SYSLOG_IDENTIFIER=anyctl", "_TRANSPORT=stdout");
    const starts = log.find((line) => String(line["MESSAGE"]).includes('"msg":"agent starts"'));
    assert.equal(starts?.["PRIORITY"], "6");
    assert.deepEqual(
      log.filter((line) => String(line["MESSAGE"]).includes('"msg":"decision"')),
      [],
    );
    assert.equal(exabgp.stderr, "");
  });

  it("is read by anyctl audit: the records are those of the file, byte for byte", async (t) => {
    const { site, journal, exabgp } = await announced(t, { ANYCTL_JOURNAL: "on" });
    site.drain("web", JSON.stringify({ reason: HOSTILE }));
    await exabgp.waitForCommands(2);
    await waitForEntries(journal, 2, "ANYCTL_SERVICE=web");
    const audit = (...args: readonly string[]) =>
      journal.run(ANYCTL, ["audit", "--config", site.configPath, ...args]);
    // A record as good as ours, from a user who is not ours.
    const forged = { ...REAL, seq: 3, at: new Date().toISOString(), note: "forged" };
    writeFileSync(join(site.folder, "forged"), entryOf(forged, site.stateDir));
    const script = `logger --journald < ${site.folder}/forged`;
    await journal.run("sh", ["-ec", `setpriv --reuid=65534 --clear-groups ${script}`]);
    await waitForEntries(journal, 1, "ANYCTL_NOTE=forged", "_UID=65534");
    const written = await waitUntil("the file", () => {
      const text = linesOf(site);
      return text.split("\n").length === 3 ? text : undefined;
    });
    const both = await audit("--json");
    assert.deepEqual(both, {
      status: 0,
      stdout: written,
      stderr: "anyctl: Records are from the journal\n",
    });
    assert.match(written, /^[\x20-\x7e\n]+$/);
    const people = await audit("web", "--since", "1h");
    assert.match(people.stdout, /^TIME +SERVICE +CHANGE +REASON +ACTOR +ANSWER +WHY\n/);
    assert.match(
      people.stdout,
      /web +up -> drained +operator-drain +uid:0\(root\) +done [\d.]+ ms +x\\x0aPRIORITY/,
    );
    assert.match(people.stdout, /\n {4}withdraw route 192\.0\.2\.0\/24 next-hop self\n$/);
    rmSync(join(site.stateDir, "audit.jsonl"));
    assert.equal((await audit("--json")).stdout, written);
    // journald's files are gone, as where there never was one: then there is nothing.
    await journal.stop();
    await journal.run("sh", ["-c", "rm -rf /run/log/journal/*"]);
    const none = await audit("--json");
    assert.deepEqual([none.status, none.stdout], [0, ""]);
  });

  it("has a decision about 10,000 prefixes in part, says so, and the file has it whole", async (t) => {
    const site = await createSite(t);
    const prefixes = manyPrefixes("ipv6", 10_000);
    const listed = prefixes.map((prefix) => JSON.stringify(prefix)).join(", ");
    site.writeConfig(webConfig(site.port, listed));
    const journal = await PrivateJournal.start(t);
    const env = { ANYCTL_JOURNAL: "on" };
    const exabgp = new ScriptedExabgp(site, [], { wrap: journal.wrap, env });
    await exabgp.waitForCommands(Math.ceil(prefixes.length / 12));
    const [entry] = await waitForEntries(journal, 1, "ANYCTL_TO=up");
    assert.match(String(entry?.["ANYCTL_CUT"]), /^9600 of prefixes, 7\d\d of commands$/);
    assert.deepEqual(entry?.["ANYCTL_PREFIX"], prefixes.slice(0, 400));
    const up = site.audit().find(({ to }) => to === "up");
    assert.deepEqual(up?.prefixes, prefixes);
    assert.deepEqual(up.commands, exabgp.commands);
  });

  it("that is stopped keeps no route from moving, and gets everything when it is back", async (t) => {
    const { site, journal, exabgp } = await announced(t, { ANYCTL_JOURNAL: "on" });
    await waitForEntries(journal, 1, "ANYCTL_SERVICE=web");
    await journal.stop();
    site.drain("web", "");
    await exabgp.waitForCommands(2);
    const { problems } = await exabgp.waitForStatus("the problem", (s) => s.problems.length > 0);
    assert.equal(problems[0]?.word, "journal");
    assert.match(problems[0]?.detail ?? "", /^1 record is not in the journal: there is no /);
    // Meanwhile it is on stderr, and on disk.
    assert.match(exabgp.stderr, /"to":"drained".*"msg":"decision"/);
    assert.match(linesOf(site), /"to":"drained"/);
    await journal.resume();
    await exabgp.waitForStatus("the end of it", (s) => s.problems.length === 0);
    // That of before the stop is in the journal's file, and is there still.
    const entries = await waitForEntries(journal, 2, "ANYCTL_SERVICE=web");
    assert.deepEqual(
      entries.map((entry) => entry["ANYCTL_TO"]),
      ["up", "drained"],
    );
    await waitUntil("the log", async () => {
      const log = await journal.entries("SYSLOG_IDENTIFIER=anyctl", "_TRANSPORT=stdout");
      // The log's own stream may be tried again a little later, and is stderr until then.
      const lines = [...log.map((line) => String(line["MESSAGE"])), exabgp.stderr];
      return lines.some((line) => line.includes("problem is over")) || undefined;
    });
  });
});

describe("a disk", () => {
  async function onSmallDisk(t: TestContext) {
    const site = await createSite(t);
    const place = await PrivateJournal.start(t);
    const { stateDir } = site;
    const sh = (script: string) => place.run("sh", ["-ec", script]);
    await sh(`mount -t tmpfs -o size=64k none ${stateDir} && mkdir ${stateDir}/drains`);
    const exabgp = new ScriptedExabgp(site, [], { wrap: place.wrap });
    await exabgp.waitForCommands(1);
    const tos = async () => {
      const { stdout } = await sh(`cat ${stateDir}/audit.jsonl`);
      return [...stdout.matchAll(/"to":"(\w+)"/g)].map(([, to]) => to);
    };
    await waitUntil("the first record", async () => (await tos())[0]);
    return { site, stateDir, sh, exabgp, tos };
  }

  it("that is full keeps no route from moving, and has every record when there is room", async (t) => {
    const { site, stateDir, sh, exabgp, tos } = await onSmallDisk(t);
    await sh(`dd if=/dev/zero of=${stateDir}/filler bs=1k 2> /dev/null || true`);
    // What is left of the file's last page is soon used up by records.
    site.service.close();
    await exabgp.waitForCommands(2);
    for (let count = 2; count < 14; count += 1) {
      await sh(count % 2 === 0 ? `touch ${stateDir}/drains/web` : `rm ${stateDir}/drains/web`);
      await exabgp.waitForStatus("the drain", (s) => s.drains.length === (count + 1) % 2);
    }
    const { problems } = await exabgp.waitForStatus("the problem", (s) =>
      s.problems.some(({ word }) => word === "audit-file"),
    );
    const detail = problems.find(({ word }) => word === "audit-file")?.detail ?? "";
    assert.match(detail, /^\d+ records? (?:is|are) not on disk: .*ENOSPC/);
    assert.equal(exabgp.stderr.match(/"word":"audit-file".*"msg":"problem"/g)?.length, 1);
    await sh(`rm ${stateDir}/filler`);
    await exabgp.waitForStatus("the end", (s) => !s.problems.some((p) => p.word === "audit-file"));
    const { stdout } = await sh(`cat ${stateDir}/audit.jsonl`);
    const seqs = [...stdout.matchAll(/^\{"v":1,"seq":(\d+),.*\}$/gm)].map(([, seq]) => Number(seq));
    assert.deepEqual(
      seqs,
      Array.from({ length: seqs.length }, (_, at) => at + 1),
    );
    assert.ok((await tos()).filter((to) => to === "drained").length >= 6);
  });

  it("that becomes read-only keeps no route from moving, and is said once", async (t) => {
    const { site, stateDir, sh, exabgp, tos } = await onSmallDisk(t);
    await sh(`mount -o remount,ro ${stateDir}`);
    site.service.close();
    const [, withdrawal] = await exabgp.waitForCommands(2);
    assert.match(withdrawal ?? "", /^withdraw /);
    const { problems } = await exabgp.waitForStatus("the problem", (s) =>
      s.problems.some(({ word }) => word === "audit-file"),
    );
    const detail = problems.find(({ word }) => word === "audit-file")?.detail ?? "";
    assert.match(detail, /^1 record is not on disk: .*EROFS/);
    await sh(`mount -o remount,rw ${stateDir}`);
    await exabgp.waitForStatus("the end", (s) => !s.problems.some((p) => p.word === "audit-file"));
    assert.deepEqual((await tos()).slice(0, 2), ["up", "down"]);
    assert.match(exabgp.stderr, /"word":"audit-file","msg":"problem is over"/);
  });
});
