/** The records in the systemd journal, by `journalctl`. */
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { createInterface } from "node:readline";
import type { AuditRecord } from "../control/audit-record.ts";
import { recordOf, stateDirMatch } from "../control/journal-entry.ts";
import type { CommandIo } from "./io.ts";

/** A journal of gigabytes is searched by its index; a disk that hangs must not hang the command. */
const SEARCH_MAX_MS = 20_000;

export interface JournalQuery {
  readonly stateDir: string;
  /** Milliseconds since 1970. */
  readonly sinceMs: number | undefined;
}

/** @returns undefined if there is no journal that can be read; an empty list if it holds no record of this PoP. */
export async function readJournal(
  query: JournalQuery,
  io: CommandIo,
): Promise<AuditRecord[] | undefined> {
  const records: AuditRecord[] = [];
  const run = start(query, [], io, (record) => records.push(record));
  const cancel = io.timers.after(SEARCH_MAX_MS, () => run.stop());
  const isWhole = await run.ended;
  cancel();
  return isWhole ? records : undefined;
}

/** Calls `found` for each record from now on, and for some that were there already. */
export function followJournal(
  query: JournalQuery,
  io: CommandIo,
  found: (record: AuditRecord) => void,
): { readonly stop: () => void } {
  return start(query, ["--follow", "--no-tail"], io, found);
}

function start(
  { stateDir, sinceMs }: JournalQuery,
  more: readonly string[],
  io: CommandIo,
  found: (record: AuditRecord) => void,
): { readonly stop: () => void; readonly ended: Promise<boolean> } {
  const since = sinceMs === undefined ? [] : [`--since=@${Math.floor(sinceMs / 1000)}`];
  const matches = ["ANYCTL_V=1", stateDirMatch(stateDir), ...writers(stateDir)];
  const fixed = ["--output=json", "--all", "--quiet", "--no-pager"];
  const args = [...fixed, ...more, ...since, ...matches];
  const child = spawn("journalctl", args, {
    env: { PATH: io.env["PATH"] ?? "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (status) => resolve(status === 0));
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const record = parseEntry(line);
    if (record !== undefined) found(record);
  });
  return { stop: () => void child.kill(), ended };
}

/** Anybody may write into the journal, but only as himself: whose the history is, or root. */
function writers(stateDir: string): string[] {
  try {
    return [...new Set([0, statSync(stateDir).uid])].map((uid) => `_UID=${uid}`);
  } catch {
    return ["_UID=0"];
  }
}

function parseEntry(line: string): AuditRecord | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null ? recordOf(entry) : undefined;
  } catch {
    return undefined;
  }
}
