/** A record as one sentence: the MESSAGE that `journalctl` shows. */
import type { AuditRecord } from "./audit-record.ts";
import { kindOf, type KindName } from "./record-kinds.ts";

/** A line that is still read; the fields hold all of it. */
const TEXT_MAX_CHARS = 200;

type Writer = (record: AuditRecord) => string;

const WRITERS: Readonly<Record<KindName, Writer>> = {
  "dead-man": (record) => `${occurred(record)}${evidence(record)}${count(record)}`,
  withdrawn: (record) => `${changed(record)}${count(record)}`,
  removed: (record) =>
    `${subject(record)} is no longer configured: ${count(record, "")} by ${record.actor}`,
  degraded: (record) => changed(record),
  held: (record) => changed(record),
  guarded: (record) => changed(record),
  announced: (record) => changed(record),
  judging: (record) => changed(record),
  other: (record) => (record.to === undefined ? occurred(record) : changed(record)),
  refused: (record) => occurred(record),
  drift: (record) =>
    `${subject(record)}: ${record.reason}${evidence(record)}${firstCommand(record)}`,
  drain: (record) => ordered(record),
  undrain: (record) => ordered(record),
  pin: (record) => ordered(record),
  unpin: (record) => ordered(record),
  stopping: (record) => `${subject(record)} is judged no longer: the agent stops, routes stay`,
  reconfigured: (record) =>
    `${subject(record)} is announced in another way: ${record.reason} by ${record.actor}`,
  reloaded: (record) => occurred(record),
  repeated: (record) => `${occurred(record)}${firstCommand(record)}`,
  "session-up": (record) => `Session with ${record.neighbor ?? "a neighbor"} is up`,
  "session-down": (record) =>
    `Session with ${record.neighbor ?? "a neighbor"} is down${evidence(record)}${note(record)}`,
};

/** One line, though not escaped. */
export function sentenceOf(record: AuditRecord): string {
  return WRITERS[kindOf(record)](record);
}

function changed(record: AuditRecord): string {
  // An order that ended may bring it about too.
  const by = record.actor === "agent" ? "" : ` by ${record.actor}${note(record)}`;
  const end = record.to === "held" ? until(record) : "";
  return `${subject(record)} ${change(record)}: ${record.reason}${by}${end}${evidence(record)}`;
}

function ordered(record: AuditRecord): string {
  const { reason, actor } = record;
  return `${subject(record)} ${change(record)}: ${reason} by ${actor}${until(record)}${note(record)}`;
}

function until({ until: end }: AuditRecord): string {
  return end === undefined ? "" : ` until ${end}`;
}

function occurred(record: AuditRecord): string {
  return `${subject(record)}: ${record.reason} by ${record.actor}${note(record)}`;
}

function subject({ service, pop }: AuditRecord): string {
  return service === undefined ? `PoP ${pop}` : `Service ${service}`;
}

function change({ from, to }: AuditRecord): string {
  return `${from ?? "?"} -> ${to ?? "?"}`;
}

function evidence({ check, evidence: text }: AuditRecord): string {
  if (check === undefined && text === undefined) return "";
  return `, ${[check, text]
    .filter((part) => part !== undefined)
    .map(cut)
    .join(": ")}`;
}

function note({ note: text }: AuditRecord): string {
  return text === undefined ? "" : `, ${cut(text)}`;
}

function count({ commands }: AuditRecord, before = "; "): string {
  if (commands.length === 0) return before === "" ? "nothing to withdraw" : "";
  return `${before}${commands.length} ${commands.length === 1 ? "command" : "commands"} written`;
}

function firstCommand({ commands }: AuditRecord): string {
  const [first] = commands;
  const more = commands.length > 1 ? ` and ${commands.length - 1} more` : "";
  return first === undefined ? "" : `: ${cut(first)}${more}`;
}

function cut(text: string): string {
  return text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS)}...` : text;
}
