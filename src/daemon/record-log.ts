/** Every audit record is also a log line, so that it is in the journal when the disk is full. */
import type { AuditRecord, AuditTiming } from "./audit.ts";
import type { Log } from "./log.ts";

/** A record with thousands of prefixes is whole in audit.jsonl; its log line names the first ones. */
const LISTED_MAX = 20;

export function logRecord(log: Log, record: AuditRecord, { writeMs }: AuditTiming): void {
  const { v: _version, at, boot: _boot, prefixes, commands, ...rest } = record;
  const fields = {
    ...rest,
    prefixes: prefixes.slice(0, LISTED_MAX),
    prefixCount: prefixes.length,
    commands: commands.slice(0, LISTED_MAX),
    writeMs,
    decidedAt: at,
  };
  if (record.to === undefined) log.error(fields, "decision refused");
  else log[record.to === "down" ? "warn" : "info"](fields, "decision");
}
