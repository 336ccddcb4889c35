/** `anyctl audit --follow`: records as they come, from whichever source has them first. */
import type { AuditRecord } from "../control/audit-record.ts";
import type { AuditFile } from "./audit-file.ts";
import { recordKey } from "./audit-history.ts";
import { followJournal } from "./audit-journal.ts";
import type { CommandIo } from "./io.ts";

/** Reading the end of a file costs microseconds; people do not notice less. */
const LOOK_MS = 200;

/** What one source may be behind the other. */
const REMEMBERED_MAX = 20_000;

/** Entries of the last moments are asked for again: none may fall between reading and following. */
const OVERLAP_MS = 60_000;

export interface Following {
  readonly stateDir: string;
  readonly file: AuditFile;
  readonly hasJournal: boolean;
  /** Shown already. */
  readonly known: readonly AuditRecord[];
}

/** Calls `show` until nobody reads stdout any more, or the process is ended. */
export async function follow(
  { stateDir, file, hasJournal, known }: Following,
  io: CommandIo,
  show: (records: readonly AuditRecord[]) => void,
): Promise<void> {
  const seen = new Set(known.map(recordKey));
  const take = (records: readonly AuditRecord[]): void => {
    const fresh = records.filter((record) => !seen.has(recordKey(record)));
    if (fresh.length === 0) return;
    for (const record of fresh) seen.add(recordKey(record));
    for (const key of seen) {
      if (seen.size <= REMEMBERED_MAX) break;
      seen.delete(key);
    }
    show(fresh);
  };
  const sinceMs = io.wallMs() - OVERLAP_MS;
  const startMs = io.wallMs();
  // What is older than the start and was not shown was not asked for.
  const isNew = ({ at }: AuditRecord) => Date.parse(at) >= startMs - OVERLAP_MS / 2;
  const journal = hasJournal
    ? followJournal({ stateDir, sinceMs }, io, (record) => isNew(record) && take([record]))
    : undefined;
  const ended = () => io.gone?.aborted === true;
  while (!ended()) {
    await new Promise<void>((resolve) => void io.timers.after(LOOK_MS, resolve));
    take(await file.readNew());
  }
  journal?.stop();
  await file.close();
}
