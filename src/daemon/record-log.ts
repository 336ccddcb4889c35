/** Every audit record is also a log line, so that it is in the journal when the disk is full. */
import type { AuditRecord, AuditTiming } from "./audit.ts";
import type { Log } from "./log.ts";

/** A record with thousands of prefixes is whole in audit.jsonl; its log line names the first ones. */
const LISTED_MAX = 20;

export function logRecord(log: Log, record: AuditRecord, { writeMs }: AuditTiming): void {
  const { seq, service, from, to, reason, actor, note, check, evidence, ack, ackMs, detectMs } =
    record;
  const fields = {
    ...{ seq, service, from, to, reason, actor, note, check, evidence },
    prefixes: record.prefixes.slice(0, LISTED_MAX),
    prefixCount: record.prefixes.length,
    commands: record.commands.slice(0, LISTED_MAX),
    ...{ ack, ackMs, detectMs, writeMs, decidedAt: record.at },
  };
  if (to === undefined) log.error(fields, "decision refused");
  else log[to === "down" ? "warn" : "info"](fields, "decision");
}
