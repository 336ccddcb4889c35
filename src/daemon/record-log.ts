/** An audit record as a log line: where there is no journal, or it refuses, and the disk may be full. */
import type { AuditRecord } from "../control/audit-record.ts";
import { kindOf } from "../control/record-kinds.ts";
import type { AuditTiming } from "./audit.ts";
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
  if (kindOf(record) === "refused") log.error(fields, "decision refused");
  // session-log.ts has said it.
  else if (record.neighbor !== undefined) log.debug(fields, "decision");
  else log[record.to === "down" ? "warn" : "info"](fields, "decision");
}
