/** Audit records for people: a line each, and below it what was written to ExaBGP. */
import type { AuditRecord } from "../control/audit-record.ts";
import { writeTime } from "./local-time.ts";
import { printable } from "./printable.ts";
import { STATE_COLORS } from "./status-words.ts";
import { table, type Cell, type Color } from "./table.ts";

const HEADING = ["TIME", "SERVICE", "CHANGE", "REASON", "ACTOR", "ANSWER", "WHY"] as const;

/** More are only counted. */
const COMMANDS_SHOWN = 3;

/** The table's texts that are as wide as its columns: later lines are aligned by them. */
export type Widest = readonly string[];

type Row = readonly (Cell | string)[];

/** @returns The table, and what `moreRecords` needs. */
export function recordsTable(
  records: readonly AuditRecord[],
  color: boolean,
): { readonly text: string; readonly widest: Widest } {
  const rows: Row[] = [HEADING, ...records.map(rowOf)];
  const widest = HEADING.map((_, column) =>
    rows.reduce((best, row) => {
      const text = printable(textOf(row[column]));
      return text.length > best.length && column < HEADING.length - 1 ? text : best;
    }, ""),
  );
  return { text: withCommands(table(rows, color), records, 1), widest };
}

export function moreRecords(
  records: readonly AuditRecord[],
  widest: Widest,
  color: boolean,
): string {
  const [, ...lines] = table([widest, ...records.map(rowOf)], color).split("\n");
  return withCommands(lines.join("\n"), records, 0);
}

/** @param skip Lines before the first record. */
function withCommands(text: string, records: readonly AuditRecord[], skip: number): string {
  const lines = text.split("\n").slice(0, -1);
  return lines
    .flatMap((line, at) => [line, ...commandLines(records[at - skip]?.commands ?? [])])
    .map((line) => `${line}\n`)
    .join("");
}

function commandLines(commands: readonly string[]): string[] {
  const shown = commands.slice(0, COMMANDS_SHOWN).map((command) => `    ${printable(command)}`);
  const more = commands.length - COMMANDS_SHOWN;
  return more > 0 ? [...shown, `    and ${more} more: see --json`] : shown;
}

function rowOf(record: AuditRecord): Row {
  const { at, service, neighbor, reason, actor } = record;
  const { from = record.configFrom, to = record.configTo } = record;
  const change: Cell = { text: to === undefined ? "" : `${from ?? "?"} -> ${to}`, ...colorOf(to) };
  return [
    timeOf(at),
    service ?? neighbor ?? "-",
    change,
    reason,
    actor,
    answerOf(record),
    whyOf(record),
  ];
}

function timeOf(at: string): string {
  const atMs = Date.parse(at);
  return `${writeTime(atMs).slice(0, 19)}.${String(atMs % 1000).padStart(3, "0")}`;
}

function colorOf(to: string | undefined): { readonly color?: Color } {
  const known = new Map<string | undefined, Color>(Object.entries(STATE_COLORS));
  const color = known.get(to);
  return color === undefined ? {} : { color };
}

function answerOf({ ack, ackMs }: AuditRecord): Cell | string {
  if (ack === undefined) return "";
  const text = ackMs === undefined ? ack : `${ack} ${ackMs} ms`;
  return ack === "done" ? text : { text, color: "red" };
}

function whyOf({ check, evidence, note, until }: AuditRecord): string {
  const checked = [check, evidence].filter((part) => part !== undefined).join(": ");
  const untilMs = Date.parse(until ?? "");
  const end = Number.isNaN(untilMs) ? "" : `until ${writeTime(untilMs)}`;
  const parts = [checked, note ?? "", end];
  return parts.filter((part) => part !== "").join("; ");
}

function textOf(cell: Cell | string | undefined): string {
  return typeof cell === "string" ? cell : (cell?.text ?? "");
}
