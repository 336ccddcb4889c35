/** `anyctl audit` */
import { recordLine, type AuditRecord } from "../../control/audit-record.ts";
import { tryStatus } from "../agent-client.ts";
import { AuditFile } from "../audit-file.ts";
import { follow } from "../audit-follow.ts";
import { mergeHistory, type History } from "../audit-history.ts";
import { readJournal } from "../audit-journal.ts";
import { moreRecords, recordsTable } from "../audit-text.ts";
import { defineCommand } from "../command.ts";
import { codeOf } from "../error-code.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { locate, type Location } from "../location.ts";
import { checkName } from "../names.ts";
import { checkTargets } from "../order-names.ts";
import { sinceOf } from "../since.ts";

export const command = defineCommand({
  signature: "audit [service]",
  describe: "Show decisions, newest last: who, what, when and why",
  positionals: { service: { type: "string", describe: "Only decisions about this service" } },
  options: {
    since: {
      type: "string",
      requiresArg: true,
      describe: "How long ago (30m, 2h), or a time (RFC 3339, YYYY-MM-DD HH:MM, HH:MM)",
    },
    json: { type: "boolean", describe: "One record a line, as in audit.jsonl, for programs" },
    follow: { type: "boolean", describe: "Go on with what comes, until interrupted" },
  },
  examples: [
    ["audit dns --since 2h", "What happened to one service"],
    ["audit --since '2026-03-01 22:30' --json", "For a program"],
    ["audit --follow", "While you work on the PoP"],
  ],
  notes: `Records come from the systemd journal and from state-dir/audit.jsonl: what one of them lacks, the
other may have. Which of them was used is told on stderr, and how many records are in neither.
Times are local; in JSON they are UTC.`,
  async run({ service, since, json, follow: isFollowing, ...args }, io) {
    if (service !== undefined) checkName("service", service);
    const sinceMs = since === undefined ? undefined : sinceOf(since, io.wallMs());
    const location = await locate(args, io);
    const file = new AuditFile(location.stateDir);
    const [journal, written] = await readBoth(file, location, sinceMs, io);
    const history = mergeHistory(journal ?? [], written, sinceMs);
    const isAsked = (record: AuditRecord) => service === undefined || record.service === service;
    const records = history.records.filter(isAsked);
    tellSource(history, file, io);
    if (service !== undefined && ![...written, ...(journal ?? [])].some(isAsked)) {
      const unchecked = await checkTargets(
        [service],
        await tryStatus(location.socketPath, io),
        location,
      );
      if (unchecked !== undefined) io.stderr(`anyctl: ${unchecked}\n`);
    }
    if (records.length === 0) io.stderr("anyctl: There are no such records\n");
    const show = writer(records, json === true, isFollowing === true, io);
    if (isFollowing !== true) {
      await file.close();
      return EXIT.done;
    }
    const { stateDir } = location;
    const known = history.records;
    const following = { stateDir, file, hasJournal: journal !== undefined, known };
    await follow(following, io, (more) => show(more.filter(isAsked)));
    return EXIT.done;
  },
});

/** @throws {CommandError} `refused` if neither can be read. */
async function readBoth(
  file: AuditFile,
  { stateDir }: Location,
  sinceMs: number | undefined,
  io: CommandIo,
): Promise<[AuditRecord[] | undefined, AuditRecord[]]> {
  const [journal, written] = await Promise.all([
    readJournal({ stateDir, sinceMs }, io),
    file.readAll().catch((error: unknown) => codeOf(error)),
  ]);
  if (typeof written !== "string") return [journal, written ?? []];
  const cannot = `Cannot read ${JSON.stringify(file.path)} (${written})`;
  if (journal === undefined || journal.length === 0) {
    throw new CommandError("refused", `${cannot}, and the journal shows no record; use sudo`);
  }
  io.stderr(`anyctl: ${cannot}\n`);
  return [journal, []];
}

function tellSource({ records, source, missing }: History, file: AuditFile, io: CommandIo): void {
  const path = JSON.stringify(file.path);
  const names = { journal: "the journal", file: path, both: `the journal and ${path}` };
  if (records.length > 0) io.stderr(`anyctl: Records are from ${names[source]}\n`);
  if (missing > 0) io.stderr(`anyctl: Records that are in neither source: ${missing}\n`);
  if (file.foreign > 0) {
    io.stderr(`anyctl: Lines of ${path} that are no records, perhaps torn: ${file.foreign}\n`);
  }
}

/** Shows these records, and returns what shows more. */
function writer(
  records: readonly AuditRecord[],
  isJson: boolean,
  isFollowing: boolean,
  io: CommandIo,
): (records: readonly AuditRecord[]) => void {
  const writeJson = (some: readonly AuditRecord[]) =>
    some.length > 0 && io.stdout(some.map((record) => `${recordLine(record)}\n`).join(""));
  if (isJson) {
    writeJson(records);
    return (more) => void writeJson(more);
  }
  const { text, widest } = recordsTable(records, io.color);
  if (records.length > 0 || isFollowing) io.stdout(text);
  return (more) => void (more.length > 0 && io.stdout(moreRecords(more, widest, io.color)));
}
